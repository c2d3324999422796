// The smaller parts that watch jobs: the task table, list rows, the detail queue, discovery and
// events.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/events/job_events.h"
#include "core/polling/detail_queue.h"
#include "core/polling/discovery.h"
#include "core/tracking/tracker.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using enum TaskStatus;
using Why = DetailQueue::Why;

const Wall kEpoch{hours(400'000)};

Now at(int s) {
  return {Mono(hours(1) + seconds(s)), kEpoch + seconds(s)};
}
SharedContext context() {
  return std::make_shared<const TaskContext>(TaskContext{"main", {}});
}
TaskReply row_of(const std::string& id, TaskStatus status, int modified) {
  TaskReply row;
  row.task_id = id;
  row.job_id = "job";
  row.product_key = "pk";
  row.device_name = "dev-" + id;
  row.status = status;
  row.modified = kEpoch + seconds(modified);
  row.queued = kEpoch - seconds(100);
  row.listed = true;
  return row;
}

class RowTest : public testing::Test {
 protected:
  Observation see(const TaskReply& row, int when) {
    return tracker.observe_row(row, shared, kEpoch, at(when));
  }
  Tracker tracker{"prod"};
  SharedContext shared = context();
};

TEST_F(RowTest, AGoodTasksFirstObservationIsCountedABadOnesIsReported) {
  const Observation good = see(row_of("a", kQueued, 1), 2);
  EXPECT_TRUE(good.moved);
  EXPECT_THAT(good.events, IsEmpty());
  EXPECT_EQ(good.counters.size(), 1u);
  ASSERT_EQ(good.changes.size(), 1u);
  EXPECT_FALSE(good.changes[0].explicit_id);
  EXPECT_EQ(see(row_of("b", kFailed, 1), 2).events.size(), 1u);
  EXPECT_EQ(count_of(tracker.table().counts("job"), kQueued), 1u);
  EXPECT_EQ(count_of(tracker.table().counts("job"), kFailed), 1u);
}

TEST_F(RowTest, AnotherStatusIsATransitionTheSameIsNothing) {
  see(row_of("a", kQueued, 1), 2);
  EXPECT_FALSE(see(row_of("a", kQueued, 1), 3).moved);
  const Observation seen = see(row_of("a", kSucceeded, 4), 5);
  EXPECT_TRUE(seen.moved);
  ASSERT_EQ(seen.events.size(), 1u);
  EXPECT_EQ(seen.events[0].name, "task_transition");
  EXPECT_EQ(tracker.row("a")->last_seen, at(5).wall);
  EXPECT_EQ(count_of(tracker.table().counts("job"), kQueued), 0u);
  EXPECT_EQ(count_of(tracker.table().counts("job"), kSucceeded), 1u);
}

TEST_F(RowTest, ARowDoesNotEraseTheDeviceMessage) {
  see(row_of("a", kFailed, 1), 2);
  TaskReply asked = row_of("a", kFailed, 1);
  asked.listed = false;
  asked.message = "flash full";
  tracker.observe("a", asked, at(3));
  TaskReply listed = row_of("a", kFailed, 1);
  listed.progress = 40;
  see(listed, 4);
  EXPECT_EQ(tracker.record("a")->last.message, "flash full");
  see(row_of("a", kQueued, 9), 10);
  EXPECT_EQ(tracker.record("a")->last.message, "") << "it was said of another attempt";
  EXPECT_EQ(tracker.record("a")->attempt, 2u);
}

TEST_F(RowTest, AnOlderRowIsStale) {
  see(row_of("a", kSucceeded, 5), 6);
  const Observation old = see(row_of("a", kInProgress, 3), 7);
  EXPECT_FALSE(old.accepted);
  EXPECT_THAT(old.anomalies, ElementsAre(Anomaly::kStaleReply));
}

TEST_F(RowTest, RowsOfUnwatchedTasksOfAnAssistingJobAreNotReported) {
  EXPECT_FALSE(tracker.observe_row(row_of("a", kFailed, 1), nullptr, kEpoch, at(2), true).accepted);
  EXPECT_FALSE(tracker.watches("a"));
}

TEST_F(RowTest, AnExplicitTaskOutlivesItsJobAndTheReverse) {
  tracker.watch("a", shared, std::nullopt, at(0));
  see(row_of("a", kQueued, 1), 2);
  see(row_of("b", kQueued, 1), 2);
  tracker.unwatch_job("job");
  EXPECT_TRUE(tracker.watches("a"));
  EXPECT_FALSE(tracker.watches("b"));
  EXPECT_EQ(count_of(tracker.table().counts("job"), kQueued), 1u);
}

TEST(TaskTable, ARecordComesBackAsItWentIn) {
  TaskTable table;
  TaskRecord record;
  record.key = {"prod", "a"};
  record.instance = "main";
  record.last = row_of("a", kTimedOut, 7);
  record.last.listed = false;
  record.last.job_name = "ota";
  record.last.progress = 33.3;
  record.last.message = "m";
  record.last.status_detail = "{}";
  record.attempt = 3;
  record.first_seen = kEpoch;
  record.last_seen = kEpoch + seconds(9);
  record.started = kEpoch + seconds(2);
  record.superseded = true;
  const auto slot = table.add("a", context(), kEpoch);
  table.assign(slot, record);
  const TaskRecord back = table.record("prod", slot);
  EXPECT_EQ(back.last.job_name, "ota");
  EXPECT_EQ(back.last.progress, 33.3);
  EXPECT_EQ(back.last.message, "m");
  EXPECT_EQ(back.last.product_key, "pk");
  EXPECT_EQ(back.attempt, 3u);
  EXPECT_EQ(back.started, record.started);
  EXPECT_TRUE(back.superseded);
  EXPECT_EQ(back.instance, "main");
}

TEST(TaskTable, SlotsAreUsedAgainAndIdsStayFound) {
  TaskTable table;
  for (int i = 0; i < 1000; ++i) table.add("task" + std::to_string(i), context(), kEpoch);
  for (int i = 0; i < 1000; i += 2) table.remove(*table.find("task" + std::to_string(i)));
  for (int i = 1000; i < 1500; ++i) table.add("task" + std::to_string(i), context(), kEpoch);
  EXPECT_EQ(table.size(), 1000u);
  EXPECT_FALSE(table.find("task2"));
  EXPECT_EQ(table.row(*table.find("task3")).id, "task3");
  EXPECT_EQ(table.row(*table.find("task1499")).id, "task1499");
}

class DetailQueueTest : public RowTest {
 protected:
  std::vector<std::string> asked() {
    std::vector<std::string> ids;
    for (int i = 0; i < 100; ++i) {
      const NextCall next = looks.next(at(0).mono, held, tracker.table(), instance);
      if (!next.call) break;
      ids.push_back(next.call->task_id);
      looks.on_sent(next.call->task_id, at(0).mono);
    }
    return ids;
  }
  DetailQueue looks;
  static Gates open_at(Mono when) {
    Gates gates;
    gates.add("main", when);
    return gates;
  }
  Gates held = open_at(Mono::min());
  std::string main = "main";
  DetailQueue::InstanceOf instance = [this](const std::string&) { return &main; };
};

TEST_F(DetailQueueTest, FailedTasksArePolledForTheirMessageOnce) {
  see(row_of("a", kFailed, 1), 2);
  looks.want("a", Why::kMessageWanted);
  looks.want("a", Why::kMessageWanted);
  EXPECT_THAT(asked(), ElementsAre("a"));
  looks.want("a", Why::kMessageWanted);
  EXPECT_THAT(asked(), IsEmpty()) << "it is being asked";
  looks.on_failure("a", at(0).mono);
  EXPECT_THAT(asked(), ElementsAre("a")) << "that call came to nothing";
}

TEST_F(DetailQueueTest, ATaskPolledByAnotherRuleNeitherWaitsNorIsPolledTwice) {
  see(row_of("a", kInProgress, 1), 2);
  see(row_of("b", kInProgress, 1), 2);
  looks.want("b", Why::kLeftList);
  looks.want("a", Why::kLeftList);
  looks.on_sent("a", at(0).mono);
  EXPECT_TRUE(looks.in_flight("a"));
  EXPECT_EQ(looks.waiting(), 1u);
  looks.on_failure("a", at(0).mono);
  EXPECT_THAT(asked(), ElementsAre("b", "a"));
  looks.on_response("a");
  looks.want("a", Why::kLeftList);
  EXPECT_THAT(asked(), ElementsAre("a"));
}

TEST_F(DetailQueueTest, ATaskThatAListHasShownMeanwhileIsNotPolled) {
  see(row_of("a", kInProgress, 1), 2);
  looks.want("a", Why::kLeftList);
  see(row_of("a", kSucceeded, 3), 4);
  EXPECT_THAT(asked(), IsEmpty());
  EXPECT_EQ(looks.waiting(), 0u);
}

TEST_F(DetailQueueTest, TasksThatACompleteScanDidNotShowHaveLeft) {
  see(row_of("a", kInProgress, 1), 2);
  see(row_of("b", kInProgress, 1), 2);
  see(row_of("c", kQueued, 1), 2);
  see(row_of("b", kInProgress, 1), 11);
  looks.want_unlisted("job", at(10).wall, tracker.table());
  EXPECT_THAT(asked(), ElementsAre("a"));
}

TEST_F(DetailQueueTest, AnInstanceThatBacksOffKeepsItsTasksForLater) {
  see(row_of("a", kFailed, 1), 2);
  looks.want("a", Why::kMessageWanted);
  held = open_at(at(100).mono);
  const NextCall next = looks.next(at(0).mono, held, tracker.table(), instance);
  EXPECT_FALSE(next.call);
  EXPECT_EQ(next.wake, at(100).mono);
  EXPECT_EQ(looks.waiting(), 1u);
}

JobReply job(const std::string& id, int age_hours) {
  JobReply reply;
  reply.job_id = id;
  reply.job_name = "ota-" + id;
  reply.status = JobStatus::kInProgress;
  reply.modified = kEpoch - hours(age_hours);
  return reply;
}
JobPage jobs(std::vector<JobReply> rows, std::uint32_t total) {
  JobPage page;
  page.jobs = std::move(rows);
  page.total = total;
  return page;
}

TEST(Discovery, WhatQualifiesIsFoundWithItsPageAndTheRestIsCounted) {
  Discovery discovery({.name = "ota-*", .modified_within = hours(24), .limit = 10});
  discovery.on_sent(1, at(0).mono);
  EXPECT_GT(discovery.due(), at(0).mono) << "under way";
  const auto first = discovery.on_page(1, 1, jobs({job("a", 1), job("old", 100)}, 3), at(0));
  ASSERT_EQ(first.fresh.size(), 1u);
  EXPECT_EQ(discovery.page(), 2u);
  EXPECT_EQ(discovery.due(), at(0).mono) << "the next page follows at once";
  discovery.on_sent(2, at(0).mono);
  EXPECT_TRUE(discovery.on_page(1, 1, jobs({job("late", 1)}, 3), at(1)).fresh.empty())
      << "the sweep has passed that page";
  discovery.on_page(2, 2, jobs({job("b", 2)}, 3), at(1));
  EXPECT_EQ(discovery.skipped(), 1u);
  EXPECT_GE(discovery.due(), at(60).mono);
  EXPECT_TRUE(discovery.watches("b"));
}

TEST(Discovery, OverTheLimitTheNewestStay) {
  Discovery discovery({.name = "*", .modified_within = hours(24), .limit = 2});
  discovery.on_sent(1, at(0).mono);
  const auto found =
      discovery.on_page(1, 1, jobs({job("a", 3), job("b", 1), job("c", 2)}, 3), at(0));
  std::vector<std::string> ids;
  for (const JobReply& reply : found.fresh) ids.push_back(reply.job_id);
  EXPECT_THAT(ids, ElementsAre("b", "c"));
  EXPECT_EQ(discovery.skipped(), 1u);
}

TEST(Discovery, WhatIsListedNoMoreIsDroppedAtTheSweepsEnd) {
  Discovery discovery({.name = "*", .modified_within = hours(24), .limit = 10});
  discovery.on_sent(1, at(0).mono);
  discovery.on_page(1, 1, jobs({job("a", 1), job("b", 1)}, 2), at(0));
  discovery.on_sent(2, at(60).mono);
  const auto found = discovery.on_page(2, 1, jobs({job("b", 1)}, 1), at(60));
  EXPECT_THAT(found.dropped, ElementsAre("a"));
  EXPECT_FALSE(discovery.watches("a"));
}

TEST(JobEvents, ATransitionWarnsWhenTheJobTimedOut) {
  JobRecord record;
  record.key = {"prod", "j"};
  record.last = job("j", 0);
  record.last.status = JobStatus::kTimedOut;
  const Event event = job_transition(record, JobStatus::kInProgress, kEpoch, {});
  EXPECT_EQ(event.name, "job_transition");
  EXPECT_EQ(event.level, Level::kWarn);
  record.last.status = JobStatus::kCompleted;
  EXPECT_EQ(job_transition(record, JobStatus::kInProgress, kEpoch, {}).level, Level::kInfo);
}

}  // namespace
}  // namespace taskwatchd
