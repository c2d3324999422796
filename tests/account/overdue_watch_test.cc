#include "account/overdue_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class OverdueWatchTest : public testing::Test {
 protected:
  OverdueWatchTest() : tracker("prod") {
    instance.name = "main";
    instance.deadline = hours(24);
    restart();
  }
  // The stored times are all that survives a restart.
  void restart() { watch.emplace("prod", stored_times, now); }
  // A SENT task whose deadline passes at `due`.
  void add(const std::string& id, Wall due) {
    TaskRecord record;
    record.key = {"prod", id};
    record.last.task_id = id;
    record.last.job_id = "job";
    record.last.status = TaskStatus::kSent;
    record.last.modified = record.last.queued = due - hours(24);
    record.first_seen = record.last_seen = now;
    const auto context = std::make_shared<const TaskContext>(TaskContext{"main", {}});
    tracker.restore(record, context, {Mono(), now});
  }
  std::vector<std::string> report() {
    Commit commit;
    watch->report({instance}, tracker, now, commit);
    if (!commit.stored_times.empty()) stored_times = commit.stored_times;
    std::vector<std::string> ids;
    for (const Event& event : commit.events) {
      for (const Field& field : event.fields) {
        if (field.name == "task_id") ids.push_back(std::get<std::string>(field.value));
      }
    }
    return ids;
  }
  Tracker tracker;
  InstanceConfig instance;
  Wall now{hours(400'000)};
  std::vector<StoredTime> stored_times;
  std::optional<OverdueWatch> watch;
};

TEST_F(OverdueWatchTest, TheEarliestDeadlineIsReportedFirst) {
  add("b", now + seconds(2));
  add("a", now + seconds(3));
  add("later", now + hours(1));
  now += minutes(1);
  EXPECT_THAT(report(), ElementsAre("b", "a"));
  EXPECT_THAT(report(), IsEmpty());
}

TEST_F(OverdueWatchTest, ARestartAmidManyNeitherLosesNorRepeatsOne) {
  for (int i = 0; i < 3500; ++i) add("t" + std::to_string(i), now + seconds(5));
  now += minutes(1);
  std::set<std::string> all;
  std::size_t reports = 0;
  for (int i = 0; i < 5; ++i) {
    const auto ids = report();
    EXPECT_LE(ids.size(), OverdueWatch::kMost);
    reports += ids.size();
    all.insert(ids.begin(), ids.end());
    restart();
    now += seconds(10);
  }
  EXPECT_EQ(reports, 3500u);
  EXPECT_EQ(all.size(), 3500u);
}

TEST_F(OverdueWatchTest, ATaskThatIsNewAfterTheClockWasSetBackIsReported) {
  add("old", now + minutes(30));
  now += hours(1);
  EXPECT_THAT(report(), ElementsAre("old"));
  now -= hours(1);
  EXPECT_THAT(report(), IsEmpty());
  add("new", now + minutes(30));
  now += minutes(31);
  EXPECT_THAT(report(), ElementsAre("new"));
  now += hours(2);
  EXPECT_THAT(report(), IsEmpty());
}

TEST_F(OverdueWatchTest, ARestartAfterTheClockWasSetBackRepeatsNothing) {
  add("old", now + minutes(30));
  now += hours(1);
  EXPECT_THAT(report(), ElementsAre("old"));
  now -= hours(1);
  EXPECT_THAT(report(), IsEmpty());
  restart();
  for (int i = 0; i < 12; ++i) {
    EXPECT_THAT(report(), IsEmpty());
    now += minutes(10);
  }
}

TEST_F(OverdueWatchTest, AClockThatWasAYearAheadSilencesNoTaskForAYear) {
  now += hours(365 * 24);
  report();
  now -= hours(365 * 24);
  report();
  restart();
  add("new", now + minutes(1));
  now += minutes(2);
  EXPECT_THAT(report(), ElementsAre("new"));
}

TEST_F(OverdueWatchTest, AClockSetBackTwiceRepeatsNothing) {
  add("a", now + minutes(30));
  add("b", now + minutes(90));
  now += hours(2);
  EXPECT_THAT(report(), ElementsAre("a", "b"));
  now -= hours(1);
  EXPECT_THAT(report(), IsEmpty());
  now -= hours(1);
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(report(), IsEmpty());
    now += minutes(10);
  }
}

TEST_F(OverdueWatchTest, WithoutADeadlineNothingIsStoredForItsOwnSake) {
  instance.deadline.reset();
  Commit nothing;
  watch->report({instance}, tracker, now, nothing);
  EXPECT_TRUE(nothing.empty());
  Commit other;
  other.jobs.emplace_back();
  watch->report({instance}, tracker, now, other);
  EXPECT_THAT(other.stored_times, testing::SizeIs(2));
}

TEST_F(OverdueWatchTest, AMarkOfAnEarlierVersionHasNoHash) {
  stored_times = {{"prod", "overdue", now - hours(1)}};
  restart();
  add("before", now - hours(2));
  add("while_down", now - minutes(30));
  EXPECT_THAT(report(), ElementsAre("while_down"));
}

}  // namespace
}  // namespace taskwatchd
