#include <gtest/gtest.h>

#include "account/account.h"
#include "app/room.h"

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
    for (int i = 0; i < 2; ++i) {  // whichever of the two is named first
      const NextCall next = account->next(now);
      ASSERT_TRUE(next.call);
      send(*account, *next.call, now);
      TaskReply reply =
          reply_of(next.call->task_id, next.call->task_id == id ? status : kQueued, now.wall);
      reply.queued = next.call->task_id == id ? queued : now.wall;
      account->settle({.call = *next.call, .outcome = reply, .server_date = {}}, now, 0);
      now.mono += milliseconds(300);
      now.wall += milliseconds(300);
    }
  }
  std::size_t told(const Commit& commit) {
    std::size_t n = 0;
    for (const Event& event : commit.events) n += event.name == "task_overdue" ? 1 : 0;
    return n;
  }
  Now now{Mono(hours(1)), Wall(hours(400'000))};
  std::optional<Account> account;
};

TEST_F(OverdueTest, IsToldOnceWhenTheDeadlinePasses) {
  open();
  see("a", kSent, now.wall - hours(24) + seconds(60));
  EXPECT_EQ(told(account->refresh(now)), 0u);
  now.wall += seconds(60);
  now.mono += seconds(60);
  const Commit commit = account->refresh(now);
  EXPECT_EQ(told(commit), 1u);
  EXPECT_EQ(commit.events.at(0).level, Level::kWarn);
  EXPECT_EQ(told(account->refresh(now)), 0u);
}

TEST_F(OverdueTest, ADeadlineThatPassedWhileTheDaemonWasDownIsToldAfterwards) {
  Stored stored;
  TaskRecord record;
  record.key = {"prod", "a"};
  record.last = reply_of("a", kSent, now.wall - hours(23));
  record.last.queued = now.wall - hours(24) - seconds(30);
  record.first_seen = record.last_seen = now.wall - hours(1);
  stored.records = {record};
  stored.marks = {{"prod", "overdue", now.wall - hours(1)}};
  open(stored);
  EXPECT_EQ(told(account->refresh(now)), 1u);
}

TEST_F(OverdueTest, AFinishedTaskIsNotOverdue) {
  open();
  see("a", kSucceeded, now.wall - hours(24) + seconds(5));
  now.wall += seconds(60);
  EXPECT_EQ(told(account->refresh(now)), 0u);
}

}  // namespace
}  // namespace taskwatchd
