#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "account/account.h"
#include "fakes/main_path.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using enum TaskStatus;

class OverdueTest : public testing::Test {
 protected:
  void open(const Stored& stored = {}) {
    InstanceConfig instance = instance_of("main", {"a", "b"});
    instance.deadline = hours(24);
    account.emplace(account_of({instance}), stored, now);
  }
  void see(const std::string& id, TaskStatus status, Wall queued) {
    now.mono += seconds(10);
    now.wall += seconds(10);
    for (int i = 0; i < 2; ++i) {  // once for each task, in either order
      const NextCall next = account->next(now);
      ASSERT_TRUE(next.call);
      send(*account, *next.call, now);
      TaskReply reply =
          reply_of(next.call->task_id, next.call->task_id == id ? status : kQueued, now.wall);
      reply.queued = next.call->task_id == id ? queued : now.wall;
      account->apply({.call = *next.call, .outcome = reply, .server_date = {}}, now, 0);
      now.mono += milliseconds(300);
      now.wall += milliseconds(300);
    }
  }
  std::size_t logged(const Commit& commit) {
    std::size_t n = 0;
    for (const Event& event : commit.events) n += event.name == "task_overdue" ? 1 : 0;
    return n;
  }
  // Stored tasks of the watched job "job": each SENT and queued at the same instant.
  Stored stored_tasks(std::size_t number, Wall queued) const {
    Stored stored;
    for (std::size_t i = 0; i < number; ++i) {
      TaskRecord record;
      record.key = {"prod", "t" + std::to_string(i)};
      record.last = reply_of(record.key.task_id, kSent, queued);
      record.last.queued = queued;
      record.first_seen = record.last_seen = queued;
      stored.records.push_back(std::move(record));
    }
    return stored;
  }
  AccountConfig job_config(std::optional<Duration> deadline) const {
    InstanceConfig instance = instance_of("main", {});
    instance.jobs = {"job"};
    instance.deadline = deadline;
    return account_of({instance});
  }
  void pass(Duration span) {
    now.mono += span;
    now.wall += std::chrono::duration_cast<milliseconds>(span);
  }
  std::vector<std::string> reported(const Commit& commit) {
    std::vector<std::string> ids;
    for (const Event& event : commit.events) {
      if (event.name != "task_overdue") continue;
      for (const Field& field : event.fields) {
        if (field.name == "task_id") ids.push_back(std::get<std::string>(field.value));
      }
    }
    return ids;
  }
  Now now{Mono(hours(1)), Wall(hours(400'000))};
  std::optional<Account> account;
};

TEST_F(OverdueTest, IsReportedOnceWhenTheDeadlinePasses) {
  open();
  see("a", kSent, now.wall - hours(24) + seconds(60));
  EXPECT_EQ(logged(account->refresh(now)), 0u);
  now.wall += seconds(60);
  now.mono += seconds(60);
  const Commit commit = account->refresh(now);
  EXPECT_EQ(logged(commit), 1u);
  EXPECT_EQ(commit.events.at(0).level, Level::kWarn);
  EXPECT_EQ(logged(account->refresh(now)), 0u);
}

TEST_F(OverdueTest, ADeadlineThatPassedWhileTheDaemonWasDownIsReportedAfterwards) {
  Stored stored;
  TaskRecord record;
  record.key = {"prod", "a"};
  record.last = reply_of("a", kSent, now.wall - hours(23));
  record.last.queued = now.wall - hours(24) - seconds(30);
  record.first_seen = record.last_seen = now.wall - hours(1);
  stored.records = {record};
  stored.stored_times = {{"prod", "overdue", now.wall - hours(1)}};
  open(stored);
  EXPECT_EQ(logged(account->refresh(now)), 1u);
}

TEST_F(OverdueTest, AFinishedTaskIsNotOverdue) {
  open();
  see("a", kSucceeded, now.wall - hours(24) + seconds(5));
  now.wall += seconds(60);
  EXPECT_EQ(logged(account->refresh(now)), 0u);
}

TEST_F(OverdueTest, ADeadlineAddedByAReloadReportsOnlyWhatPassesItAfterwards) {
  account.emplace(job_config({}), stored_tasks(20, now.wall - hours(23)), now);
  for (int i = 0; i < 7 * 24; ++i) {
    EXPECT_EQ(logged(account->refresh(now)), 0u);
    pass(hours(1));
  }
  Stored fresh = stored_tasks(21, now.wall - hours(24) + seconds(30));
  fresh.records.erase(fresh.records.begin(), fresh.records.begin() + 20);
  account->configure(job_config(hours(24)), fresh, now);
  EXPECT_EQ(logged(account->refresh(now)), 0u);
  pass(seconds(30));
  EXPECT_THAT(reported(account->refresh(now)), testing::ElementsAre("t20"));
}

TEST_F(OverdueTest, ManyThatPassTogetherAreReportedInBoundedCommitsEachOnce) {
  account.emplace(job_config(hours(24)), stored_tasks(2500, now.wall - hours(24) + seconds(5)),
                  now);
  EXPECT_EQ(logged(account->refresh(now)), 0u);
  pass(seconds(10));
  std::set<std::string> all;
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 5; ++i) {
    const auto ids = reported(account->refresh(now));
    sizes.push_back(ids.size());
    all.insert(ids.begin(), ids.end());
    pass(seconds(10));
  }
  EXPECT_THAT(sizes, testing::ElementsAre(1000, 1000, 500, 0, 0));
  EXPECT_EQ(all.size(), 2500u);
}

TEST_F(OverdueTest, AClockSetBackReportsNothingTwice) {
  account.emplace(job_config(hours(24)), stored_tasks(3, now.wall - hours(24) + seconds(5)), now);
  pass(seconds(10));
  EXPECT_EQ(logged(account->refresh(now)), 3u);
  now.wall -= hours(1);
  for (int i = 0; i < 3 * 360; ++i) {
    EXPECT_EQ(logged(account->refresh(now)), 0u) << i;
    pass(seconds(10));
  }
}

}  // namespace
}  // namespace taskwatchd
