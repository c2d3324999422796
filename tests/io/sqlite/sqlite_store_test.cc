#include "io/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <new>

#include "io/work_queue.h"
#include "sqlite_world.h"

namespace taskwatchd {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreContract, SqliteWorld);

// A connection of another program to the same file.
class Stranger {
 public:
  explicit Stranger(const std::string& path) { sqlite3_open(path.c_str(), &db_); }
  ~Stranger() { sqlite3_close(db_); }
  int run(const char* sql) { return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr); }

 private:
  sqlite3* db_ = nullptr;
};

Commit events(int n, std::size_t bytes = 10) {
  Commit commit;
  for (int i = 0; i < n; ++i) {
    commit.events.push_back(make_event("prod", "t" + std::to_string(i)));
    commit.events.back().fields.push_back({"status_message", std::string(bytes, 'x')});
  }
  return commit;
}

TEST(WorkQueue, AJobWithoutMemoryEndsAloneAndTheNextIsCarriedOut) {
  bool ended = false;
  WorkQueue worker(9, {.hurry = [] {}, .end = [&ended] { ended = true; }});
  std::atomic<int> done = 0;
  const auto fails = [](bool) { throw std::bad_alloc(); };
  const auto works = [&done](bool) { ++done; };
  EXPECT_TRUE(worker.submit(fails));
  EXPECT_TRUE(worker.submit(works));
  EXPECT_TRUE(worker.stop(std::chrono::seconds(5)));
  EXPECT_EQ(done, 1);
  EXPECT_TRUE(ended);
}

TEST(SqliteStore, SurvivesPowerLossByItsSettings) {
  SqliteWorld world;
  world.good(world.store().commit(events(1)));
  EXPECT_TRUE(std::filesystem::exists(world.path() + "-wal"));
  world.close();
  Stranger stranger(world.path());
  EXPECT_EQ(stranger.run("SELECT 1/(count(*)=1) FROM events"), SQLITE_OK);
}

TEST(SqliteStore, FilesAreForTheirOwnerOnlyWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{0777}}) {
    const mode_t before = ::umask(mask);
    SqliteWorld world;
    world.good(world.store().commit(events(1)));
    ::umask(before);
    for (const char* suffix : {"", "-wal"}) {
      struct stat info {};
      ASSERT_EQ(::stat((world.path() + suffix).c_str(), &info), 0) << suffix;
      EXPECT_EQ(info.st_mode & 0777, 0600u) << suffix << " with umask " << mask;
    }
  }
}

TEST(SqliteStore, FullDiskIsWaitedForAndTheStoreStaysUsable) {
  SqliteLimits limits;
  limits.max_bytes = 256 * 1024;
  SqliteWorld world(limits);
  const auto small = world.good(world.store().commit(events(1)));
  const StoreError full = world.bad(world.store().commit(events(100, 8192)));
  EXPECT_EQ(full.kind, StoreError::Kind::kUnavailable);
  EXPECT_THAT(full.message, testing::HasSubstr(world.path()));
  EXPECT_THAT(full.message, testing::HasSubstr("space"));
  const auto after = world.good(world.store().commit(events(1)));
  EXPECT_GT(after.event_ids.at(0), small.event_ids.at(0));
  EXPECT_EQ(world.good(world.store().events_after(0, 1000, "")).size(), 2u) << "all or nothing";
}

TEST(SqliteStore, ALockedFileIsWaitedFor) {
  SqliteLimits limits;
  limits.busy = std::chrono::milliseconds(200);
  SqliteWorld world(limits);
  Stranger stranger(world.path());
  ASSERT_EQ(stranger.run("BEGIN IMMEDIATE"), SQLITE_OK);
  const auto start = std::chrono::steady_clock::now();
  const StoreError locked = world.bad(world.store().commit(events(1)));
  EXPECT_GE(std::chrono::steady_clock::now() - start, limits.busy);
  EXPECT_EQ(locked.kind, StoreError::Kind::kUnavailable);
  ASSERT_EQ(stranger.run("ROLLBACK"), SQLITE_OK);
  world.good(world.store().commit(events(1)));
}

TEST(SqliteStore, MoreCallsThanTheLimitAreRefused) {
  SqliteLimits limits;
  limits.waiting_calls = 4;
  limits.busy = std::chrono::seconds(20);  // longer than Stranger keeps its lock
  SqliteWorld world(limits);
  Stranger stranger(world.path());
  ASSERT_EQ(stranger.run("BEGIN IMMEDIATE"), SQLITE_OK);
  int asked = 0, refused = 0, answered = 0;
  const auto count = [&](std::exception_ptr, std::variant<Committed, StoreError> result) {
    ++answered;
    const auto* error = std::get_if<StoreError>(&result);
    if (error && error->message.find("too many requests") != std::string::npos) ++refused;
  };
  const auto ask = [&] {
    ++asked;
    boost::asio::co_spawn(world.context(), world.store().commit(events(1)), count);
    world.context().restart();
    world.context().poll();
  };
  // One call is with the worker, which a busy machine may start late, and four wait.
  while (asked - refused < 5) {
    ask();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_FALSE(world.wait(world.store().ping()));
  const int refused_before = refused;
  ask();
  EXPECT_EQ(refused, refused_before + 1);
  EXPECT_EQ(answered, refused);
  ASSERT_EQ(stranger.run("ROLLBACK"), SQLITE_OK);
  world.context().restart();
  while (answered < asked && world.context().run_one() != 0) {
  }
  EXPECT_EQ(asked - refused, 5);
  EXPECT_TRUE(world.wait(world.store().ping()));
}

TEST(SqliteStore, CloseCarriesOutWhatWaits) {
  SqliteWorld world;
  int good = 0;
  const auto count = [&](std::exception_ptr, std::variant<Committed, StoreError> result) {
    good += std::holds_alternative<Committed>(result) ? 1 : 0;
  };
  for (int i = 0; i < 10; ++i) {
    boost::asio::co_spawn(world.context(), world.store().commit(events(1)), count);
  }
  world.context().poll();
  EXPECT_TRUE(world.store().close(std::chrono::seconds(10)));
  world.context().run();
  EXPECT_EQ(good, 10);
  EXPECT_EQ(world.bad(world.store().commit(events(1))).kind, StoreError::Kind::kUnavailable);
  world.reopen();
  EXPECT_EQ(world.good(world.store().events_after(0, 100, "")).size(), 10u);
}

TEST(SqliteStore, CloseDoesNotWaitForAForeignLock) {
  SqliteWorld world;
  Stranger stranger(world.path());
  ASSERT_EQ(stranger.run("BEGIN IMMEDIATE"), SQLITE_OK);
  int failed = 0;
  const auto count = [&](std::exception_ptr, std::variant<Committed, StoreError> result) {
    failed += std::holds_alternative<StoreError>(result) ? 1 : 0;
  };
  for (int i = 0; i < 3; ++i) {
    boost::asio::co_spawn(world.context(), world.store().commit(events(1)), count);
  }
  world.context().poll();
  const auto start = std::chrono::steady_clock::now();
  world.store().close(std::chrono::seconds(1));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
  world.context().run();
  EXPECT_EQ(failed, 3);
}

TEST(SqliteStore, ALoopThatEndsWithCallsUnderWayIsNoHarm) {
  TemporaryFolder folder;
  for (int round = 0; round < 20; ++round) {
    boost::asio::io_context loop;
    auto opened = SqliteStore::open(loop.get_executor(), folder / "state.db");
    ASSERT_TRUE(std::holds_alternative<std::unique_ptr<SqliteStore>>(opened));
    auto store = std::move(std::get<std::unique_ptr<SqliteStore>>(opened));
    int answered = 0;
    const auto count = [&](std::exception_ptr, std::variant<Committed, StoreError>) { ++answered; };
    for (int i = 0; i < 5; ++i) {
      boost::asio::co_spawn(loop, store->commit(events(1)), count);
    }
    loop.poll();
    store.reset();
    if (round % 2 == 0) {
      loop.run();
      EXPECT_EQ(answered, 5) << "refused or carried out, each call is answered";
    }
  }
}

TEST(SqliteStore, AnEventThatCannotBeReadKeepsItsPlace) {
  SqliteWorld world;
  world.good(world.store().commit(events(2)));
  Stranger stranger(world.path());
  ASSERT_EQ(stranger.run("UPDATE events SET body='{' WHERE id=1"), SQLITE_OK);
  const auto all = world.good(world.store().events_after(0, 100, ""));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id, 1u);
  EXPECT_EQ(all[0].name, "task_transition");
  EXPECT_EQ(all[0].ts, at(0));
  EXPECT_THAT(all[0].fields, testing::Contains(Field{"task_id", std::string("t0")}));
}

// Deleting millions of old events takes minutes. A commit must not wait that long.
TEST(SqliteStore, ACommitOvertakesALongPrune) {
  SqliteWorld world;
  const auto ids = world.good(world.store().commit(events(20'000))).event_ids;
  world.good(world.store().commit({.cursors = {{"log", ids.back()}}}));
  std::vector<std::string> order;
  const auto pruned = [&](std::exception_ptr, std::variant<std::monostate, StoreError> result) {
    order.push_back(std::holds_alternative<std::monostate>(result) ? "pruned" : "not pruned");
  };
  const auto committed = [&](std::exception_ptr, std::variant<Committed, StoreError> result) {
    order.push_back(std::holds_alternative<Committed>(result) ? "committed" : "not committed");
  };
  const auto pinged = [&](std::exception_ptr, bool) { order.push_back("pinged"); };
  boost::asio::co_spawn(world.context(), world.store().prune(at(100'000), {}), pruned);
  boost::asio::co_spawn(world.context(), world.store().commit(events(1)), committed);
  boost::asio::co_spawn(world.context(), world.store().ping(), pinged);
  world.context().restart();
  world.context().run();
  EXPECT_THAT(order, testing::ElementsAre("committed", "pinged", "pruned"));
  EXPECT_EQ(world.good(world.store().events_after(0, 100, "")).size(), 1u)
      << "came after the cursor";
}

TEST(SqliteStore, APruneWhoseStoreClosesEndsWithAnError) {
  SqliteWorld world;
  const auto ids = world.good(world.store().commit(events(20'000))).event_ids;
  world.good(world.store().commit({.cursors = {{"log", ids.back()}}}));
  std::optional<StoreError> error;
  const auto pruned = [&](std::exception_ptr, std::variant<std::monostate, StoreError> result) {
    if (auto* failed = std::get_if<StoreError>(&result)) error = *failed;
  };
  boost::asio::co_spawn(world.context(), world.store().prune(at(100'000), {}), pruned);
  world.context().restart();
  world.context().run_for(std::chrono::milliseconds(2));  // its first part takes longer
  EXPECT_TRUE(world.store().close(std::chrono::seconds(5)));
  world.context().restart();
  world.context().run();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, StoreError::Kind::kUnavailable);
}

TEST(SqliteStore, PrunesInBoundedSteps) {
  SqliteWorld world;
  Commit commit = events(25'000);
  for (int i = 0; i < 25'000; ++i) {
    commit.records.push_back(make_record("prod", "t" + std::to_string(i), TaskStatus::kFailed, 1));
  }
  const auto ids = world.good(world.store().commit(commit)).event_ids;
  world.good(world.store().commit({.cursors = {{"log", ids.back()}}}));
  world.good(
      world.store().prune(at(100), {.tasks = {{"prod", "t7"}}, .jobs = {}, .distributions = {}}));
  EXPECT_EQ(world.good(world.store().events_after(0, 100'000, "")).size(), 1u);
  EXPECT_EQ(world.good(world.store().tasks("prod", {"t7", "t8"})).size(), 1u);
}

// Prints the time and checks nothing: machines differ.
TEST(SqliteStore, HowLongALargeFleetTakesToLoad) {
  constexpr int kTasks = 100'000;
  SqliteWorld world;
  std::vector<std::string> ids;
  Commit commit;
  for (int i = 0; i < kTasks; ++i) {
    ids.push_back("task" + std::to_string(i));
    commit.records.push_back(make_record("prod", ids.back(), TaskStatus::kInProgress, i));
  }
  const auto took = [](std::chrono::steady_clock::time_point since) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - since)
        .count();
  };
  auto start = std::chrono::steady_clock::now();
  world.good(world.store().commit(commit));
  const double wrote = took(start);
  start = std::chrono::steady_clock::now();
  world.reopen();
  const double opened = took(start);
  start = std::chrono::steady_clock::now();
  const auto stored = world.good(world.store().tasks("prod", ids));
  std::printf("%d records: commit %.0f ms, open with check %.0f ms, load %.0f ms\n", kTasks, wrote,
              opened, took(start));
  EXPECT_EQ(stored.size(), static_cast<std::size_t>(kTasks));
  start = std::chrono::steady_clock::now();
  std::size_t in_parts = 0;
  for (std::string after;;) {
    const auto part = world.good(world.store().tasks_of_job({"prod", "job-1"}, after, 5'000));
    if (part.empty()) break;
    in_parts += part.size();
    after = part.back().key.task_id;
  }
  std::printf("the same as one job's, in parts of 5,000: %.0f ms\n", took(start));
  EXPECT_EQ(in_parts, static_cast<std::size_t>(kTasks));
  start = std::chrono::steady_clock::now();
  constexpr int kCommits = 50;
  for (int i = 0; i < kCommits; ++i) world.good(world.store().commit(events(5)));
  std::printf("a commit of 5 events: %.2f ms\n", took(start) / kCommits);
}

}  // namespace
}  // namespace taskwatchd
