// What the store guarantees when it is killed at any moment, or when the first, second, third ...
// write, fsync or read fails: each acknowledged change is stored exactly once.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "faulty_vfs.h"
#include "sqlite_world.h"

namespace taskwatchd {
namespace {

// The n-th step of a task's life: record and event contain the same n.
Commit step(std::int64_t n) {
  Commit commit{.records = {make_record("prod", "t1", TaskStatus::kInProgress, n)},
                .events = {make_event("prod", "t1", n)}};
  commit.events[0].fields.push_back({"n", n});
  return commit;
}

std::int64_t step_of(const Event& event) {
  for (const Field& field : event.fields) {
    if (field.name == "n") return std::get<std::int64_t>(field.value);
  }
  return -1;
}

struct Acknowledged {
  std::int64_t n;
  std::uint64_t id;
};

// Commits steps until killed. Writes each acknowledgement to `out`.
[[noreturn]] void write_until_killed(const std::string& path, std::int64_t first, int out) {
  boost::asio::io_context context;
  auto opened = SqliteStore::open(context.get_executor(), path);
  auto* store = std::get_if<std::unique_ptr<SqliteStore>>(&opened);
  if (store == nullptr) _exit(1);
  for (std::int64_t n = first;; ++n) {
    auto result = wait(context, (*store)->commit(step(n)));
    const auto* committed = std::get_if<Committed>(&result);
    if (committed == nullptr) _exit(2);
    const Acknowledged done{n, committed->event_ids.at(0)};
    if (::write(out, &done, sizeof done) != sizeof done) _exit(3);
  }
}

class SqliteKill : public testing::Test {
 protected:
  // Runs one round: a child commits and is killed. Its acknowledgements go to acknowledged_.
  void round(std::chrono::microseconds life) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const std::int64_t first = next_;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(path(), first, ends[1]);
    }
    ::close(ends[1]);
    Acknowledged done{};
    bool started = false;
    while (::read(ends[0], &done, sizeof done) == ssize_t{sizeof done}) {
      if (!started) {
        std::this_thread::sleep_for(life);
        ::kill(child, SIGKILL);
      }
      started = true;
      EXPECT_TRUE(acknowledged_.emplace(done.id, done.n).second) << "id given twice: " << done.id;
      next_ = done.n + 1;
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
    ++next_;  // skips the step that may have been in flight
  }

  void check() {
    auto opened = SqliteStore::open(context_.get_executor(), path());
    ASSERT_TRUE(std::holds_alternative<std::unique_ptr<SqliteStore>>(opened));
    auto& store = std::get<std::unique_ptr<SqliteStore>>(opened);
    const auto read = wait(context_, store->events_after(0, 1'000'000, ""));
    const auto& events = std::get<std::vector<Event>>(read);
    std::map<std::uint64_t, std::int64_t> stored;
    std::int64_t newest = 0;
    for (const Event& event : events) {
      EXPECT_GT(step_of(event), newest) << "order, or twice";
      newest = step_of(event);
      stored[event.id] = newest;
    }
    for (const auto& [id, n] : acknowledged_) {
      ASSERT_TRUE(stored.contains(id)) << "acknowledged and lost: " << id;
      EXPECT_EQ(stored[id], n);
    }
    EXPECT_LE(stored.size(), acknowledged_.size() + rounds_) << "at most one unheard a round";
    const auto state = wait(context_, load(*store, "prod", {"t1"}));
    const auto& records = std::get<Stored>(state).records;
    if (newest > 0) {
      EXPECT_EQ(records.at(0).last_seen, at(newest)) << "half a commit";
    }
    store->close(std::chrono::seconds(5));
  }

  std::string path() const { return folder_ / "state.db"; }

  TemporaryFolder folder_;
  boost::asio::io_context context_;
  std::int64_t next_ = 1;
  std::size_t rounds_ = 0;
  std::map<std::uint64_t, std::int64_t> acknowledged_;
};

TEST_F(SqliteKill, WhatWasAcknowledgedIsThereOnce) {
  const char* wanted = std::getenv("TASKWATCHD_KILL_ROUNDS");
  const int rounds = wanted != nullptr ? std::atoi(wanted) : 30;
  std::mt19937 chance(4711);
  std::uniform_int_distribution<int> life(0, 30'000);
  for (int i = 0; i < rounds; ++i) {
    ++rounds_;
    round(std::chrono::microseconds(life(chance)));
    if (HasFatalFailure()) return;
    check();
    if (HasFailure()) return;
  }
  std::printf("%d rounds, %zu commits acknowledged\n", rounds, acknowledged_.size());
}

class SqliteFaults : public testing::Test {
 protected:
  // Commits steps 1 to 3. Returns those that were acknowledged.
  std::set<std::int64_t> commit_three(SqliteWorld& world, int retries) {
    std::set<std::int64_t> done;
    for (std::int64_t n = 1; n <= 3; ++n) {
      for (int tries = 0; tries <= retries && !done.contains(n); ++tries) {
        auto result = world.wait(world.store().commit(step(n)));
        if (std::holds_alternative<Committed>(result)) done.insert(n);
        if (auto* error = std::get_if<StoreError>(&result)) last_ = *error;
      }
    }
    return done;
  }
  // Returns the stored steps. Checks that each is stored once.
  std::set<std::int64_t> stored(SqliteWorld& world) {
    std::set<std::int64_t> found;
    for (const Event& event : world.good(world.store().events_after(0, 100, ""))) {
      EXPECT_TRUE(found.insert(step_of(event)).second) << "stored twice: " << step_of(event);
    }
    return found;
  }

  FaultyVfs disk_;
  StoreError last_;
};

const std::set<std::int64_t> kAll = {1, 2, 3};

TEST_F(SqliteFaults, OneFailureIsFixedWhereverItStrikes) {
  const std::pair<FaultyVfs::Op, int> kinds[] = {{FaultyVfs::Op::kWrite, SQLITE_IOERR_WRITE},
                                                 {FaultyVfs::Op::kSync, SQLITE_IOERR_FSYNC},
                                                 {FaultyVfs::Op::kRead, SQLITE_IOERR_READ}};
  for (const auto& [op, code] : kinds) {
    int strikes = 0;
    for (int nth = 1;; ++nth) {
      SqliteWorld world;
      const int before = disk_.failed();
      disk_.fail(op, nth, 1, code);
      EXPECT_EQ(commit_three(world, 0), kAll) << nth << ": " << last_.message;
      disk_.heal();
      EXPECT_EQ(stored(world), kAll);
      if (disk_.failed() == before) break;
      ++strikes;
      world.reopen();
      EXPECT_EQ(stored(world), kAll);
    }
    if (op != FaultyVfs::Op::kRead) {
      EXPECT_GE(strikes, 3) << code;
    }
  }
}

// The commit's fsync fails, and so does the one when the file is closed. Then the log file remains,
// and the reopened database contains a commit that was reported as failed. It must not be written
// again.
TEST_F(SqliteFaults, ACommitInDoubtIsVerifiedAndNotRepeated) {
  int looked_up = 0;
  for (int nth = 1; nth <= 4; ++nth) {
    for (int times = 2; times <= 4; ++times) {
      SqliteWorld world;
      disk_.fail(FaultyVfs::Op::kSync, nth, times, SQLITE_IOERR_FSYNC);
      const auto done = commit_three(world, 0);
      disk_.heal();
      if (done == kAll) ++looked_up;
      world.reopen();
      const auto found = stored(world);
      EXPECT_TRUE(std::includes(found.begin(), found.end(), done.begin(), done.end()));
    }
  }
  EXPECT_GE(looked_up, 1);
}

TEST_F(SqliteFaults, ADiskThatStaysBadBreaksTheStoreAndLosesNothing) {
  for (int nth = 1; nth <= 20; ++nth) {
    for (const auto op : {FaultyVfs::Op::kWrite, FaultyVfs::Op::kSync}) {
      SqliteWorld world;
      const int before = disk_.failed();
      disk_.fail(op, nth, 1'000'000, SQLITE_IOERR_WRITE);
      const auto done = commit_three(world, 0);
      disk_.heal();
      if (disk_.failed() != before && done != kAll) {
        EXPECT_EQ(last_.kind, StoreError::Kind::kBroken);
        EXPECT_THAT(last_.message, testing::HasSubstr(world.path()));
        EXPECT_EQ(world.bad(world.store().commit(step(9))).kind, StoreError::Kind::kBroken)
            << "broken stays broken";
      }
      world.reopen();
      const auto found = stored(world);
      EXPECT_TRUE(std::includes(found.begin(), found.end(), done.begin(), done.end()));
      EXPECT_TRUE(std::includes(kAll.begin(), kAll.end(), found.begin(), found.end()));
    }
  }
}

TEST_F(SqliteFaults, AFullDiskIsTriedAgainAndNothingIsStoredTwice) {
  for (int nth = 1; nth <= 24; ++nth) {
    SqliteWorld world;
    disk_.fail(FaultyVfs::Op::kWrite, (nth + 1) / 2, 2,
               nth % 2 == 0 ? SQLITE_FULL : SQLITE_IOERR_SHMSIZE);
    const auto done = commit_three(world, 3);
    disk_.heal();
    EXPECT_EQ(done, kAll) << nth;
    EXPECT_EQ(stored(world), kAll);
    if (!last_.message.empty()) {
      EXPECT_EQ(last_.kind, StoreError::Kind::kUnavailable);
      EXPECT_THAT(last_.message, testing::HasSubstr("no space is left on its disk"));
    }
  }
}

TEST_F(SqliteFaults, AFileTakenAwayIsNoticed) {
  SqliteWorld world;
  EXPECT_EQ(commit_three(world, 0), kAll);
  std::filesystem::rename(world.path(), world.path() + ".old");
  const StoreError error = world.bad(world.store().commit(step(4)));
  EXPECT_EQ(error.kind, StoreError::Kind::kBroken);
  EXPECT_THAT(error.message, testing::HasSubstr("removed"));
}

}  // namespace
}  // namespace taskwatchd
