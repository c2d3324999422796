#include "io/sqlite/sqlite_schema.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

namespace taskwatchd::sqlite {
namespace {

// Added by version 2 of the schema.
constexpr const char* kJobs = R"sql(
CREATE TABLE jobs(
  account TEXT NOT NULL, job_id TEXT NOT NULL, instance TEXT NOT NULL,
  job_name TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL, status_text TEXT NOT NULL,
  timeout_us INTEGER, rollout_per_minute REAL, scheduled_ms INTEGER,
  created_ms INTEGER NOT NULL, modified_ms INTEGER NOT NULL,
  first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL,
  baselined INTEGER NOT NULL, ended_ms INTEGER,
  PRIMARY KEY(account, job_id)) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_by_job ON tasks(account, job_id, task_id);
)sql";

// Added by version 3. result is JSON as written by core/distribution_json.
constexpr const char* kDistributions = R"sql(
CREATE TABLE distributions(
  account TEXT NOT NULL, distribution_id TEXT NOT NULL, status INTEGER,
  status_text TEXT NOT NULL, product_key TEXT NOT NULL, source_instance TEXT NOT NULL,
  target_instances TEXT NOT NULL, total INTEGER, created_ms INTEGER,
  first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL, ended_ms INTEGER,
  result_read_ms INTEGER, result TEXT,
  PRIMARY KEY(account, distribution_id)) STRICT, WITHOUT ROWID;
)sql";

// Added by version 4.
constexpr const char* kFetches = R"sql(
ALTER TABLE distributions ADD COLUMN fetch_begun_ms INTEGER;
ALTER TABLE distributions ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
)sql";

// Added by version 5.
constexpr const char* kSinks = R"sql(
CREATE TABLE sinks(
  sink TEXT PRIMARY KEY, event_id INTEGER NOT NULL, memory TEXT NOT NULL, at_ms INTEGER NOT NULL,
  success_ms INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE mutes(
  id TEXT PRIMARY KEY, sink TEXT NOT NULL, account TEXT NOT NULL, job TEXT NOT NULL,
  comment TEXT NOT NULL, created_by TEXT NOT NULL, created_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)sql";

// body is the event as written by core/event_text, without its id; account, job_id and task_id are
// copies of its fields for queries. meta.commits counts commits: after a failed fsync it shows
// whether the commit in doubt is in the file.
constexpr const char* kFirst = R"sql(
CREATE TABLE tasks(
  account TEXT NOT NULL, task_id TEXT NOT NULL, instance TEXT NOT NULL,
  job_id TEXT NOT NULL, job_name TEXT NOT NULL, product_key TEXT NOT NULL,
  device_name TEXT NOT NULL, status TEXT NOT NULL, status_text TEXT NOT NULL, progress REAL,
  message TEXT NOT NULL, status_detail TEXT NOT NULL,
  modified_ms INTEGER NOT NULL, queued_ms INTEGER NOT NULL, attempt INTEGER NOT NULL,
  first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL, started_ms INTEGER,
  superseded INTEGER NOT NULL, gone INTEGER NOT NULL,
  PRIMARY KEY(account, task_id)) STRICT, WITHOUT ROWID;
CREATE TABLE events(
  id INTEGER PRIMARY KEY AUTOINCREMENT, ts_ms INTEGER NOT NULL, name TEXT NOT NULL,
  level TEXT NOT NULL, account TEXT NOT NULL, job_id TEXT NOT NULL, task_id TEXT NOT NULL,
  body TEXT NOT NULL) STRICT;
CREATE INDEX events_by_task ON events(account, task_id);
CREATE TABLE counters(
  account TEXT NOT NULL, job_id TEXT NOT NULL, counter TEXT NOT NULL, status TEXT NOT NULL,
  value INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  PRIMARY KEY(account, job_id, counter, status)) STRICT, WITHOUT ROWID;
CREATE TABLE marks(
  account TEXT NOT NULL, key TEXT NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY(account, key)) STRICT, WITHOUT ROWID;
CREATE TABLE cursors(sink TEXT PRIMARY KEY, event_id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('commits', 0);
)sql";

OpenError refuse(OpenError::Kind kind, const std::string& path, const std::string& text) {
  return {kind, "state database " + path + " " + text};
}

OpenError damaged(const std::string& path, std::string how) {
  std::replace(how.begin(), how.end(), '\n', ' ');  // one message, one line
  return refuse(
      OpenError::Kind::kUnusable, path,
      "is damaged (" + how + "): restore a backup, or move it away to start from scratch");
}

OpenError failure(const std::string& path, sqlite3* db, int code) {
  const std::string what = sqlite3_errmsg(db);
  if (is_full(db, code)) {
    return refuse(OpenError::Kind::kFull, path,
                  "cannot grow: " + std::string(kFull) + "; free some space there");
  }
  const int primary = code & 0xff;
  const std::string owned = unwritable_part(path);
  const bool may_be_locks =
      primary == SQLITE_BUSY || primary == SQLITE_PROTOCOL || primary == SQLITE_IOERR;
  const std::string_view network = may_be_locks ? network_disk_of(path) : std::string_view();
  if (!network.empty()) {
    return refuse(
        OpenError::Kind::kUnusable, path,
        "is on a network disk (" + std::string(network) + "; " + what +
            "): set state.path to a file on a local disk, because SQLite needs its locks");
  }
  switch (primary) {
    case SQLITE_NOTADB:
      return refuse(
          OpenError::Kind::kUnusable, path,
          "is not a taskwatchd database: set state.path to another file, or move this one away");
    case SQLITE_CORRUPT:
      return damaged(path, what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return refuse(OpenError::Kind::kLocked, path,
                    "is locked by another program (" + what + "): wait for it or stop it");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return refuse(OpenError::Kind::kUnusable, path,
                    "cannot be written (" + what + (owned.empty() ? "" : "; " + owned) +
                        "): make the file and its directory writable for the daemon's user");
    default:
      return refuse(OpenError::Kind::kUnusable, path,
                    "cannot be used (" + what + "): check its disk");
  }
}

int execute(sqlite3* db, const char* sql) {
  return sqlite3_exec(db, sql, nullptr, nullptr, nullptr);
}

// Returns the first value of the first row; "" if there is none. Sets `code` to SQLITE_OK or the
// error.
std::string ask(sqlite3* db, const std::string& sql, int& code) {
  Statement statement(db, sql);
  std::string answer;
  code = statement.start();
  if (code == SQLITE_OK) code = statement.next();
  if (code == SQLITE_ROW) answer = statement.text(0);
  if (code == SQLITE_ROW || code == SQLITE_DONE) code = SQLITE_OK;
  statement.finish();
  return answer;
}

// Checks that the file is a state database of a supported version. Sets `version` to the file's; 0:
// empty file.
std::optional<OpenError> identify(const std::string& path, sqlite3* db, std::int64_t& version) {
  int code = SQLITE_OK;
  const std::string application = ask(db, "PRAGMA application_id", code);
  if (code != SQLITE_OK) return failure(path, db, code);
  version = std::atoll(ask(db, "PRAGMA user_version", code).c_str());
  if (code != SQLITE_OK) return failure(path, db, code);
  const std::string tables = ask(db, "SELECT count(*) FROM sqlite_schema", code);
  if (code != SQLITE_OK) return failure(path, db, code);
  if (application == "0" && version == 0 && tables == "0") return std::nullopt;
  if (application != std::to_string(kApplicationId) || version < 1) {
    return refuse(OpenError::Kind::kUnusable, path,
                  "is the database of another program: set state.path to another file");
  }
  if (version > kNewestSchema) {
    return refuse(OpenError::Kind::kNewer, path,
                  "was written by a newer taskwatchd (schema " + std::to_string(version) +
                      ", this one reads up to " + std::to_string(kNewestSchema) +
                      "): run that version again, or restore an older backup");
  }
  return std::nullopt;
}

// Sets the options of the connection. WAL with FULL survives power loss at one fsync per commit.
std::optional<OpenError> configure(const std::string& path, sqlite3* db, std::int64_t max_bytes) {
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // No mmap: it would turn a read error into SIGBUS. The system caches the file, so a cache of 256
  // KiB is enough compared with one fsync per commit. The log is written back after 1 MB instead of
  // 4: less often, a commit during a prune waited 0.1 s for it.
  int code = execute(db,
                     "PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"
                     "PRAGMA cell_size_check=ON; PRAGMA journal_size_limit=16777216;"
                     "PRAGMA cache_size=-256; PRAGMA wal_autocheckpoint=250;");
  if (code != SQLITE_OK) return failure(path, db, code);
  const std::string mode = ask(db, "PRAGMA journal_mode=WAL", code);
  if (code != SQLITE_OK) return failure(path, db, code);
  if (mode != "wal") {
    return refuse(OpenError::Kind::kUnusable, path,
                  "lies on a file system without shared memory (a network one?): set state.path "
                  "to a local disk");
  }
  if (max_bytes > 0) {
    const std::string size = ask(db, "PRAGMA page_size", code);
    if (code != SQLITE_OK) return failure(path, db, code);
    const std::int64_t pages = max_bytes / std::stoll(size);
    ask(db, "PRAGMA max_page_count=" + std::to_string(pages), code);
    if (code != SQLITE_OK) return failure(path, db, code);
  }
  return std::nullopt;
}

std::optional<OpenError> check(const std::string& path, sqlite3* db, std::int64_t version) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  const bool whole = !error && static_cast<std::int64_t>(bytes) <= kFullCheckBytes;
  auto checks = whole ? std::vector<std::string>{"PRAGMA quick_check(1)"}
                      : std::vector<std::string>{
                            "PRAGMA quick_check('tasks')", "PRAGMA quick_check('counters')",
                            "PRAGMA quick_check('marks')", "PRAGMA quick_check('cursors')",
                            "PRAGMA quick_check('meta')"};
  if (!whole && version >= 2) checks.push_back("PRAGMA quick_check('jobs')");
  if (!whole && version >= 3) checks.push_back("PRAGMA quick_check('distributions')");
  if (!whole && version >= 5) checks.push_back("PRAGMA quick_check('sinks')");
  if (!whole && version >= 5) checks.push_back("PRAGMA quick_check('mutes')");
  for (const std::string& sql : checks) {
    int code = SQLITE_OK;
    const std::string answer = ask(db, sql, code);
    if (code != SQLITE_OK) return failure(path, db, code);
    if (answer != "ok") return damaged(path, answer);
  }
  return std::nullopt;
}

// Adds what the file's version does not have and writes our version, all or nothing; a file of our
// version or the next one keeps its version, which is written again. Each is a real commit: a full
// or read-only disk shows here and not at the first transition.
int settle(sqlite3* db, std::int64_t version) {
  std::string sql = "BEGIN IMMEDIATE;";
  if (version < 1) sql += kFirst;
  if (version < 2) sql += kJobs;
  if (version < 3) sql += kDistributions;
  if (version < 4) sql += kFetches;
  if (version < 5) sql += kSinks;
  sql += "PRAGMA application_id=" + std::to_string(kApplicationId) +
         ";PRAGMA user_version=" + std::to_string(std::max(version, kSchemaVersion)) + ";COMMIT;";
  const int code = execute(db, sql.c_str());
  if (sqlite3_get_autocommit(db) == 0) execute(db, "ROLLBACK");
  return code;
}

}  // namespace

std::variant<Database, OpenError> open_database(const std::string& path,
                                                std::chrono::milliseconds busy,
                                                std::int64_t max_bytes) {
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &raw, kFlags, nullptr);
  Database db(raw);
  if (opened != SQLITE_OK) return failure(path, db.get(), opened);
  sqlite3_extended_result_codes(db.get(), 1);
  sqlite3_busy_timeout(db.get(), static_cast<int>(busy.count()));

  std::int64_t version = 0;
  if (auto error = identify(path, db.get(), version)) return *error;
  if (auto error = configure(path, db.get(), max_bytes)) return *error;
  if (auto error = check(path, db.get(), version)) return *error;
  const int settled = settle(db.get(), version);
  if (settled != SQLITE_OK) return failure(path, db.get(), settled);
  return db;
}

}  // namespace taskwatchd::sqlite
