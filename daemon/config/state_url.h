// Reads `state.url`, the address of the PostgreSQL state database, in libpq's syntax, and checks
// it. No I/O and no libpq: `check` reports errors also where libpq would try other hosts, or
// connect without verifying the server. Any thread; throws nothing.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace taskwatchd {

struct StateUrl {
  // libpq's keywords with their decoded values, each keyword at most once, as libpq would read them
  // from the URL. Contains no password.
  std::vector<std::pair<std::string, std::string>> parameters;

  // Returns the value of a keyword; empty if it is not set.
  std::string_view value(std::string_view keyword) const;
  // True if at least one of the hosts is reached through a network: it is neither a Unix socket nor
  // localhost, 127.0.0.0/8 or ::1. `hostaddr` counts instead of `host` where both are set. A host
  // that is not set is the default Unix socket.
  bool is_remote() const;
  // For messages: postgresql://USER@HOST:PORT,HOST2/DBNAME, percent-encoded, without parameters.
  std::string shown() const;
};

// Returns the URL, or what is wrong with it and how to fix it, to be appended to "`url` ". The
// message contains no value of the URL, because any part of it may belong to a password; it names
// parameters.
std::variant<StateUrl, std::string> parse_state_url(std::string_view url);

// [a-z_][a-z0-9_]{0,62}, not beginning with pg_: a name that needs no quotes and is not reserved.
bool is_schema_name(std::string_view text);

}  // namespace taskwatchd
