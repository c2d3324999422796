// A state database of an older version is migrated when it is opened: all rows are kept, and a disk
// that is too full for the migration leaves the file unchanged.
#include <sqlite3.h>

#include "sqlite_world.h"

namespace taskwatchd {
namespace {

// The tables of the first version, as its daemon created them. Do not change them.
constexpr const char* kFirstVersion = R"sql(
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
INSERT INTO meta VALUES('commits', 3);
PRAGMA application_id=1953721207;
PRAGMA user_version=1;
INSERT INTO tasks VALUES('prod','t1','main','job-1','ota','pk','dev','FAILED','',50.0,'why','{}',
  1800000000007,1800000000001,2,1800000000002,1800000000008,1800000000003,0,0);
INSERT INTO events VALUES(9,1800000000008,'task_transition','warn','prod','job-1','t1',
  '{"ts":"2027-01-15T08:00:00.008Z","level":"warn","event":"task_transition","msg":"m","account":"prod","job_id":"job-1","task_id":"t1"}');
INSERT INTO counters VALUES('prod','job-1','transitions','FAILED',4,1800000000001);
INSERT INTO marks VALUES('prod','alive',1800000000008);
INSERT INTO cursors VALUES('log',9);
)sql";

class SqliteMigration : public testing::Test {
 protected:
  // Returns the first column of the first row, over a separate connection; -1 if there is none.
  static std::int64_t sql(const std::string& path, const std::string& text) {
    sqlite3* db = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    std::int64_t value = -1;
    const auto take = [](void* to, int, char** columns, char**) {
      *static_cast<std::int64_t*>(to) = std::atoll(columns[0]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(db, text.c_str(), take, &value, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    sqlite3_close(db);
    return value;
  }
  std::string path() const { return folder_ / "state.db"; }
  Opened open(SqliteLimits limits = {}) {
    return SqliteStore::open(context_.get_executor(), path(), limits);
  }
  std::unique_ptr<SqliteStore> opened() {
    Opened result = open();
    if (auto* error = std::get_if<OpenError>(&result)) throw std::runtime_error(error->message);
    return std::move(std::get<std::unique_ptr<SqliteStore>>(result));
  }
  template <typename Value>
  Value good(Awaitable<std::variant<Value, StoreError>> call) {
    return std::get<Value>(wait(context_, std::move(call)));
  }

  TemporaryFolder folder_;
  boost::asio::io_context context_;
};

TEST_F(SqliteMigration, TheFirstVersionsRowsStay) {
  sql(path(), kFirstVersion);
  for (int round = 0; round < 2; ++round) {
    auto store = opened();
    const Stored stored = good(load(*store, "prod", {"t1"}));
    ASSERT_EQ(stored.records.size(), 1u);
    EXPECT_EQ(stored.records[0].last.status, TaskStatus::kFailed);
    EXPECT_EQ(stored.records[0].attempt, 2u);
    EXPECT_EQ(stored.records[0].started, at(3));
    const auto counters = good(store->counters("prod", {"job-1"}));
    ASSERT_EQ(counters.size(), 1u);
    EXPECT_EQ(counters[0].value, 4u);
    ASSERT_EQ(stored.stored_times.size(), 1u);
    EXPECT_EQ(stored.jobs.size(), static_cast<std::size_t>(round));
    EXPECT_EQ(good(store->cursor("log")), 9u);
    EXPECT_EQ(good(store->tasks_of_job({"prod", "job-1"}, "", 9)).size(), 1u);
    EXPECT_EQ(good(store->events_of_task({"prod", "t1"}, 9)).at(0).id, 9u);
    good(store->commit({.jobs = {make_job("prod", "job-1", 9)}}));
    store->close(std::chrono::seconds(5));
  }
  EXPECT_EQ(sql(path(), "PRAGMA user_version"), 5);
  EXPECT_EQ(sql(path(), "SELECT count(*) FROM distributions"), 0);
}

TEST_F(SqliteMigration, ADiskTooFullLeavesTheOldVersionWhole) {
  sql(path(), kFirstVersion);
  sql(path(),
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<5000)"
      " INSERT INTO tasks SELECT account,'u'||i,instance,job_id,job_name,product_key,device_name,"
      "status,status_text,progress,message,status_detail,modified_ms,queued_ms,attempt,"
      "first_seen_ms,last_seen_ms,started_ms,superseded,gone FROM tasks, n WHERE task_id='t1'");
  SqliteLimits limits;
  limits.max_bytes = static_cast<std::int64_t>(std::filesystem::file_size(path())) + 16'384;
  auto refused = open(limits);
  auto* error = std::get_if<OpenError>(&refused);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->kind, OpenError::Kind::kFull);
  EXPECT_THAT(error->message, testing::HasSubstr("space"));
  EXPECT_EQ(sql(path(), "PRAGMA user_version"), 1);
  EXPECT_EQ(sql(path(), "SELECT count(*) FROM sqlite_schema WHERE name IN ('jobs','tasks_by_job')"),
            0);
  EXPECT_EQ(good(opened()->tasks_of_job({"prod", "job-1"}, "u", 9'000)).size(), 5'000u);
}

// A downgrade after an upgrade: the next version has added columns and a table.
TEST_F(SqliteMigration, TheNextVersionsAdditionsStay) {
  opened()->close(std::chrono::seconds(5));
  sql(path(),
      "ALTER TABLE tasks ADD COLUMN owner TEXT NOT NULL DEFAULT '';"
      "ALTER TABLE jobs ADD COLUMN owner TEXT;"
      "ALTER TABLE distributions ADD COLUMN owner TEXT;"
      "ALTER TABLE events ADD COLUMN kind INTEGER NOT NULL DEFAULT 7;"
      "ALTER TABLE counters ADD COLUMN owner TEXT;"
      "ALTER TABLE marks ADD COLUMN owner TEXT;"
      "ALTER TABLE cursors ADD COLUMN owner TEXT;"
      "ALTER TABLE sinks ADD COLUMN owner TEXT;"
      "ALTER TABLE mutes ADD COLUMN owner TEXT;"
      "CREATE TABLE owners(account TEXT PRIMARY KEY);"
      "PRAGMA user_version=6;");
  const Commit commit{.records = {make_record("prod", "t1")},
                      .jobs = {make_job("prod", "job-1", 9)},
                      .distributions = {make_distribution("prod", "d1")},
                      .events = {make_event("prod", "t1")},
                      .counters = {{.key = {.account = "prod", .job_id = "job-1"}, .add = 2}},
                      .stored_times = {{.account = "prod", .key = "alive", .at = at(5)}},
                      .cursors = {{"log", 1}},
                      .sinks = {{"ops", 1, "memory", at(5)}},
                      .mutes = {{"00000001", "", "", "", "", "", at(1), at(2)}}};
  for (int round = 1; round <= 2; ++round) {
    auto store = opened();
    good(store->commit(commit));
    sql(path(), "UPDATE tasks SET owner='ops'");
    const Stored stored = good(load(*store, "prod", {"t1"}));
    EXPECT_EQ(stored.records.size(), 1u);
    EXPECT_EQ(stored.jobs.size(), 1u);
    EXPECT_EQ(stored.distributions.size(), 1u);
    EXPECT_EQ(stored.stored_times.size(), 1u);
    EXPECT_EQ(good(store->counters("prod", {"job-1"})).at(0).value, 2u * round);
    EXPECT_EQ(good(store->events_after(0, 9, "")).size(), static_cast<std::size_t>(round));
    EXPECT_EQ(good(store->cursor("log")), 1u);
    EXPECT_EQ(good(store->sink("ops")), commit.sinks[0]);
    EXPECT_EQ(good(store->mutes()), commit.mutes);
    store->close(std::chrono::seconds(5));
    EXPECT_EQ(sql(path(), "SELECT count(*) FROM tasks WHERE owner='ops'"), 1);
    EXPECT_EQ(sql(path(), "SELECT sum(kind) FROM events"), 7 * round);
    EXPECT_EQ(sql(path(), "PRAGMA user_version"), 6);
  }
}

}  // namespace
}  // namespace taskwatchd
