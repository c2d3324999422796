// Tasks of a watched job after a reload that renames their instance or changes its labels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "account/account.h"
#include "fakes/main_path.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using enum TaskStatus;

class RenameTest : public testing::Test {
 protected:
  // The job has one task, which was IN_PROGRESS when the daemon stopped.
  void open() {
    Stored stored;
    TaskRecord record;
    record.key = {"prod", "t"};
    record.last = reply_of("t", kInProgress, now.wall - hours(1));
    record.last.queued = now.wall - hours(24) + seconds(60);
    record.first_seen = record.last_seen = now.wall - hours(1);
    stored.records = {record};
    account.emplace(config("main", {{"team", "ota"}}), stored, now);
  }
  static AccountConfig config(const std::string& name, const StringMap& labels) {
    InstanceConfig instance = instance_of(name, {});
    instance.jobs = {"job"};
    instance.labels = labels;
    instance.deadline = hours(24);
    AccountConfig account = account_of({instance});
    account.quota[Api::kListTask] = 5;
    return account;
  }
  // Responds to list calls until one yields an event. Each list page that may contain the row does.
  std::vector<Event> list(const TaskReply& row) {
    for (int i = 0; i < 100; ++i) {
      pass(seconds(1));
      const NextCall next = account->next(now);
      if (!next.call) continue;
      send(*account, *next.call, now);
      TaskPage page;
      if (!next.call->status || *next.call->status == row.status) page.tasks = {row};
      auto effects =
          account->apply({.call = *next.call, .outcome = page, .server_date = {}}, now, 0);
      if (!effects.observation.events.empty()) return effects.observation.events;
    }
    return {};
  }
  void pass(Duration span) {
    now.mono += span;
    now.wall += std::chrono::duration_cast<milliseconds>(span);
  }
  Now now{Mono(hours(1)), Wall(hours(400'000))};
  std::optional<Account> account;
};

TEST_F(RenameTest, EventsOfKnownTasksHaveTheNewInstanceAndLabels) {
  open();
  account->configure(config("plant", {{"team", "line2"}}), {}, now);
  TaskReply failed = reply_of("t", kFailed, now.wall);
  failed.listed = true;
  const auto events = list(failed);
  ASSERT_EQ(names(events), std::vector<std::string>{"task_transition"});
  EXPECT_THAT(events[0].fields, Contains(Field{"iot_instance", "plant"}));
  EXPECT_THAT(events[0].fields, Contains(Field{"labels", StringMap{{"team", "line2"}}}));
}

TEST_F(RenameTest, ATaskIsReportedOverdueUnderTheNewName) {
  open();
  EXPECT_THAT(names(account->refresh(now).events), testing::IsEmpty());
  account->configure(config("plant", {}), {}, now);
  pass(seconds(70));
  const Commit commit = account->refresh(now);
  ASSERT_EQ(names(commit.events), std::vector<std::string>{"task_overdue"});
  EXPECT_THAT(commit.events[0].fields, Contains(Field{"iot_instance", "plant"}));
}

// An explicit task has the context of the instance that lists it in the configuration.
TEST_F(RenameTest, AnExplicitTaskKeepsTheContextOfItsInstance) {
  open();
  AccountConfig both = config("plant", {});
  InstanceConfig other = instance_of("lab", {"t"});
  other.labels = {{"team", "lab"}};
  both.instances.push_back(other);
  account->configure(both, {}, now);
  EXPECT_EQ(account->tasks().row(*account->tasks().find("t")).context->instance, "lab");
  both.instances.pop_back();
  account->configure(both, {}, now);
  EXPECT_EQ(account->tasks().row(*account->tasks().find("t")).context->instance, "plant");
}

}  // namespace
}  // namespace taskwatchd
