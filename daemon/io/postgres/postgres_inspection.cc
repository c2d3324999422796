#include "io/postgres/postgres_inspection.h"

#include <algorithm>

#include "io/postgres/postgres_schema.h"

namespace taskwatchd::postgres {
namespace {

// CREATE SCHEMA IF NOT EXISTS needs the privilege on the database even if the schema exists.
bool may_create(Session& session) {
  const Rows may = session.run(
      "SELECT has_database_privilege(current_database(),'CREATE') AND coalesce("
      "(SELECT has_schema_privilege(oid,'CREATE') FROM pg_namespace WHERE nspname=$1),true)",
      {session.target().schema});
  return may.text(0, 0) == "t";
}

std::variant<Inspection, OpenError> inspect(Session& session) {
  const Target& target = session.target();
  const auto version = examine(session);
  if (const auto* const error = std::get_if<OpenError>(&version)) return *error;
  const Rows server = session.run(
      "SELECT current_setting('server_version'),current_user,"
      "current_setting('transaction_read_only'),current_setting('synchronous_standby_names')");
  Inspection found;
  found.server_version = server.text(0, 0);
  found.server_version.resize(std::min(found.server_version.find(' '),
                                       found.server_version.size()));  // "15.8 (Debian 15.8-1)"
  found.role = server.text(0, 1);
  found.schema_version = std::get<std::int64_t>(version);
  found.encrypted = session.encrypted();
  found.has_synchronous_standby = !server.text(0, 3).empty();
  if (server.text(0, 2) == "on") {
    return open_error(OpenError::Kind::kUnreachable, target,
                      "the server accepts no writes (a standby?): remove target_session_attrs from "
                      "state.url, so that the primary is used");
  }
  if (found.schema_version == 0 && !may_create(session)) {
    return open_error(OpenError::Kind::kRefused, target,
                      "the schema is missing and the role " + found.role +
                          " may not create it: an administrator runs `taskwatchd state schema | "
                          "psql` once, and then the GRANT statements at its end");
  }
  if (found.schema_version >= kSchemaVersion) {
    const Rows sinks = session.run("SELECT sink,success_ms FROM " + table(target.schema, "sinks") +
                                   " WHERE success_ms IS NOT NULL");
    for (int i = 0; i < sinks.size(); ++i) {
      const Wall at{std::chrono::milliseconds(sinks.number(i, 1))};
      found.sink_successes.emplace(sinks.text(i, 0), at);
    }
  }
  return found;
}

}  // namespace

std::variant<Inspection, OpenError> inspect(const Target& target) {
  ignore_environment();
  Session session(target);
  try {
    return inspect(session);
  } catch (const DatabaseError& failure) {
    return open_error(target, failure);
  }
}

}  // namespace taskwatchd::postgres
