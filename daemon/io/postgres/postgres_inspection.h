// What `taskwatchd check` reports about a PostgreSQL state: the server, the role and the schema.
// Changes nothing. Blocks; failure is a value.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

#include "io/open_error.h"
#include "io/postgres/postgres_session.h"

namespace taskwatchd::postgres {

struct Inspection {
  std::string server_version;  // such as 15.8
  std::string role;
  std::int64_t schema_version = 0;  // 0: the schema does not exist yet, and the role may create it
  bool encrypted = false;
  bool has_synchronous_standby = false;
  // By sink of notifications: when it had its last success; those without one are absent.
  std::map<std::string, Wall> sink_successes = {};
};

// Returns why taskwatchd could not use this state, and how to fix it, or what it would use.
std::variant<Inspection, OpenError> inspect(const Target& target);

}  // namespace taskwatchd::postgres
