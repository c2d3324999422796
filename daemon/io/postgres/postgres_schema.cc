#include "io/postgres/postgres_schema.h"

#include <string_view>

namespace taskwatchd::postgres {
namespace {

// From an empty schema, or from any older version, to this one: each statement only adds. Columns
// as in SQLite's tables. COLLATE "C": ids are compared byte by byte. meta.last_event_id is the id
// of the newest event; its row serialises the end of all commits, so that ids ascend in the order
// in which events become visible.
constexpr std::string_view kTables = R"sql(
CREATE SCHEMA IF NOT EXISTS $;
CREATE TABLE IF NOT EXISTS $.tasks(
  account text COLLATE "C" NOT NULL, task_id text COLLATE "C" NOT NULL, instance text NOT NULL,
  job_id text COLLATE "C" NOT NULL, job_name text NOT NULL, product_key text NOT NULL,
  device_name text NOT NULL, status text NOT NULL, status_text text NOT NULL,
  progress double precision, message text NOT NULL, status_detail text NOT NULL,
  modified_ms bigint NOT NULL, queued_ms bigint NOT NULL, attempt bigint NOT NULL,
  first_seen_ms bigint NOT NULL, last_seen_ms bigint NOT NULL, started_ms bigint,
  superseded bigint NOT NULL, gone bigint NOT NULL,
  PRIMARY KEY(account, task_id));
CREATE INDEX IF NOT EXISTS tasks_by_job ON $.tasks(account, job_id, task_id);
CREATE TABLE IF NOT EXISTS $.jobs(
  account text COLLATE "C" NOT NULL, job_id text COLLATE "C" NOT NULL, instance text NOT NULL,
  job_name text NOT NULL, type text NOT NULL, status text NOT NULL, status_text text NOT NULL,
  timeout_us bigint, rollout_per_minute double precision, scheduled_ms bigint,
  created_ms bigint NOT NULL, modified_ms bigint NOT NULL,
  first_seen_ms bigint NOT NULL, last_seen_ms bigint NOT NULL,
  baselined bigint NOT NULL, ended_ms bigint,
  PRIMARY KEY(account, job_id));
CREATE TABLE IF NOT EXISTS $.distributions(
  account text COLLATE "C" NOT NULL, distribution_id text COLLATE "C" NOT NULL, status bigint,
  status_text text NOT NULL, product_key text NOT NULL, source_instance text NOT NULL,
  target_instances text NOT NULL, total bigint, created_ms bigint,
  first_seen_ms bigint NOT NULL, last_seen_ms bigint NOT NULL, ended_ms bigint,
  result_read_ms bigint, result text, fetch_begun_ms bigint, refusals bigint NOT NULL DEFAULT 0,
  PRIMARY KEY(account, distribution_id));
CREATE TABLE IF NOT EXISTS $.events(
  id bigint PRIMARY KEY, ts_ms bigint NOT NULL, name text NOT NULL, level text NOT NULL,
  account text COLLATE "C" NOT NULL, job_id text COLLATE "C" NOT NULL,
  task_id text COLLATE "C" NOT NULL, body text NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_task ON $.events(account, task_id, id);
CREATE INDEX IF NOT EXISTS events_by_account ON $.events(account, id);
CREATE TABLE IF NOT EXISTS $.counters(
  account text COLLATE "C" NOT NULL, job_id text COLLATE "C" NOT NULL, counter text NOT NULL,
  status text NOT NULL, value bigint NOT NULL, created_ms bigint NOT NULL,
  PRIMARY KEY(account, job_id, counter, status));
CREATE TABLE IF NOT EXISTS $.marks(
  account text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, at_ms bigint NOT NULL,
  PRIMARY KEY(account, key));
CREATE TABLE IF NOT EXISTS $.cursors(sink text COLLATE "C" PRIMARY KEY, event_id bigint NOT NULL);
CREATE TABLE IF NOT EXISTS $.leases(
  account text COLLATE "C" PRIMARY KEY, holder uuid, epoch bigint NOT NULL, beat bigint NOT NULL,
  commits bigint NOT NULL);
CREATE TABLE IF NOT EXISTS $.replicas(
  holder uuid PRIMARY KEY, name text NOT NULL, url text NOT NULL, accounts text NOT NULL,
  stopping bigint NOT NULL DEFAULT 0, beat bigint NOT NULL);
CREATE TABLE IF NOT EXISTS $.meta(key text COLLATE "C" PRIMARY KEY, value bigint NOT NULL);
CREATE TABLE IF NOT EXISTS $.sinks(
  sink text COLLATE "C" PRIMARY KEY, event_id bigint NOT NULL, memory text NOT NULL,
  at_ms bigint NOT NULL, success_ms bigint);
CREATE TABLE IF NOT EXISTS $.mutes(
  id text COLLATE "C" PRIMARY KEY, sink text NOT NULL, account text NOT NULL, job text NOT NULL,
  comment text NOT NULL, created_by text NOT NULL, created_ms bigint NOT NULL,
  until_ms bigint NOT NULL);
INSERT INTO $.meta VALUES('last_event_id', 0), ('schema_version', 1) ON CONFLICT DO NOTHING;
ALTER TABLE $.replicas ADD COLUMN IF NOT EXISTS config_hashes text NOT NULL DEFAULT '';
UPDATE $.meta SET value=greatest(value,2) WHERE key='schema_version';
)sql";

std::string quoted(const std::string& schema) {
  return '"' + schema + '"';
}

// Runs the DDL, each statement by itself: an administrator's statement is named if it fails.
void create(Session& session) {
  const std::string all = schema_sql(session.target().schema);
  session.run("BEGIN");
  // Two replicas that start together must not both create a table.
  session.run("SELECT pg_advisory_xact_lock(7309453)");
  for (std::size_t begin = 0, end; (end = all.find(";\n", begin)) != all.npos; begin = end + 2) {
    session.run(all.substr(begin, end - begin));
  }
  session.run("COMMIT");
}

std::optional<OpenError> check_server(Session& session) {
  const Target& target = session.target();
  const Rows server = session.run(
      "SELECT current_setting('server_version_num')::bigint/10000,"
      " current_setting('server_encoding'), current_setting('server_version')");
  if (server.number(0, 0) < kOldestServer) {
    return open_error(OpenError::Kind::kRefused, target,
                      "the server is PostgreSQL " + server.text(0, 2) + ", version " +
                          std::to_string(kOldestServer) + " or later is needed: upgrade it");
  }
  if (server.text(0, 1) != "UTF8") {
    return open_error(OpenError::Kind::kRefused, target,
                      "the encoding of the database is " + server.text(0, 1) +
                          ": create one with ENCODING 'UTF8' TEMPLATE template0");
  }
  return std::nullopt;
}

constexpr const char* kTableNames[] = {"tasks",    "jobs",  "distributions", "events",
                                       "counters", "marks", "cursors",       "leases",
                                       "replicas", "meta",  "sinks",         "mutes"};

// What an administrator runs for a role that lacks a privilege on the schema or one of its tables.
std::string grants(const std::string& schema, const std::string& role) {
  return "an administrator runs: GRANT USAGE ON SCHEMA " + quoted(schema) + " TO " + quoted(role) +
         "; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + quoted(schema) +
         " TO " + quoted(role);
}

OpenError lacks_privileges(const Target& target, const std::string& role, std::string_view table) {
  return open_error(OpenError::Kind::kRefused, target,
                    "the role " + role + " lacks privileges on the table " + std::string(table) +
                        ": " + grants(target.schema, role));
}

// Proves the privileges on each table before the first call to the platform.
std::optional<OpenError> check_privileges(Session& session) {
  const Target& target = session.target();
  for (const char* name : kTableNames) {
    const std::string qualified = table(target.schema, name);
    const Rows may = session.run(
        "SELECT has_table_privilege($1,'SELECT') AND has_table_privilege($1,'INSERT')"
        " AND has_table_privilege($1,'UPDATE') AND has_table_privilege($1,'DELETE'),"
        " current_user",
        {qualified});
    if (may.text(0, 0) == "t") continue;
    return lacks_privileges(target, may.text(0, 1), name);
  }
  return std::nullopt;
}

// The version of the schema; 0 if it does not exist, or is empty.
std::variant<std::int64_t, OpenError> look_at_schema(Session& session) {
  const Target& target = session.target();
  const Rows usable = session.run(
      "SELECT has_schema_privilege(oid,'USAGE'),current_user FROM pg_namespace WHERE nspname=$1",
      {target.schema});
  if (usable.size() == 0) return 0;
  if (usable.text(0, 0) != "t") {
    return open_error(OpenError::Kind::kRefused, target,
                      "the role " + usable.text(0, 1) +
                          " may not use the schema: " + grants(target.schema, usable.text(0, 1)));
  }
  const Rows found = session.run(
      "SELECT meta IS NOT NULL,has_table_privilege(meta,'SELECT') FROM to_regclass($1) AS meta",
      {table(target.schema, "meta")});
  if (found.text(0, 0) != "t") return 0;
  if (found.text(0, 1) != "t") return lacks_privileges(target, usable.text(0, 1), "meta");
  const Rows version = session.run("SELECT value FROM " + table(target.schema, "meta") +
                                   " WHERE key='schema_version'");
  if (version.size() == 0) {
    return open_error(OpenError::Kind::kRefused, target,
                      "the schema belongs to another program: set state.schema to another one");
  }
  if (version.number(0, 0) > kNewestSchema) {
    return open_error(OpenError::Kind::kNewer, target,
                      "was written by a newer taskwatchd (schema version " + version.text(0, 0) +
                          ", this one reads up to " + std::to_string(kNewestSchema) +
                          "): run that version again");
  }
  return version.number(0, 0);
}

}  // namespace

std::string table(const std::string& schema, std::string_view name) {
  return quoted(schema) + "." + std::string(name);
}

std::string schema_sql(const std::string& schema) {
  std::string sql;
  for (const char c : kTables.substr(1)) {
    if (c == '$') {
      sql += quoted(schema);
    } else {
      sql += c;
    }
  }
  return sql;
}

OpenError open_error(OpenError::Kind kind, const Target& target, const std::string& text) {
  return {kind, describe(target) + ": " + text};
}

OpenError open_error(const Target& target, const DatabaseError& failure) {
  const std::string& code = failure.sqlstate();
  const std::string why = failure.what();
  if (code == "42501") {
    return open_error(OpenError::Kind::kRefused, target,
                      why +
                          ": an administrator runs `taskwatchd state schema | psql` once, or "
                          "grants the role the missing privilege");
  }
  if (code.starts_with("28")) {
    return open_error(OpenError::Kind::kRefused, target,
                      why + ": check the user of state.url, state.password_file and pg_hba.conf");
  }
  if (code == "3D000") {
    return open_error(OpenError::Kind::kRefused, target, why + ": create it, or correct state.url");
  }
  switch (failure.kind()) {
    case DatabaseError::Kind::kRefused:
      return open_error(OpenError::Kind::kRefused, target, why);
    case DatabaseError::Kind::kNotConnected:
    case DatabaseError::Kind::kLost:
      return open_error(OpenError::Kind::kUnreachable, target,
                        why + ": check that PostgreSQL runs and accepts writes, and state.url");
    case DatabaseError::Kind::kStatement:
      break;
  }
  return open_error(OpenError::Kind::kRefused, target, why + " (" + code + ")");
}

std::variant<std::int64_t, OpenError> examine(Session& session) {
  try {
    session.connect();
    if (auto error = check_server(session)) return *std::move(error);
    auto version = look_at_schema(session);
    const auto* const found = std::get_if<std::int64_t>(&version);
    if (found == nullptr || *found < kSchemaVersion) return version;  // prepare() adds the rest
    if (auto error = check_privileges(session)) return *std::move(error);
    return version;
  } catch (const DatabaseError& failure) {
    session.disconnect();
    return open_error(session.target(), failure);
  }
}

std::optional<OpenError> prepare(Session& session) {
  auto version = examine(session);
  if (auto* const error = std::get_if<OpenError>(&version)) return std::move(*error);
  if (std::get<std::int64_t>(version) >= kSchemaVersion) return std::nullopt;
  try {
    create(session);
  } catch (const DatabaseError& failure) {
    session.disconnect();
    return open_error(session.target(), failure);
  }
  version = examine(session);
  if (auto* const error = std::get_if<OpenError>(&version)) return std::move(*error);
  return std::nullopt;
}

}  // namespace taskwatchd::postgres
