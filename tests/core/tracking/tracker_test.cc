#include "core/tracking/tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace taskwatchd {
namespace {

using enum TaskStatus;
using std::chrono::seconds;
using testing::ElementsAre;

const Wall kEpoch{std::chrono::hours(400'000)};

Now at(int s) {
  return {Mono(std::chrono::hours(1) + seconds(s)), kEpoch + seconds(s)};
}

SharedContext context(StringMap labels = {}) {
  return std::make_shared<const TaskContext>(TaskContext{"main", std::move(labels)});
}

TaskReply reply(TaskStatus status, int modified, const std::string& id = "t1") {
  TaskReply r;
  r.task_id = id;
  r.job_id = "job";
  r.product_key = "pk";
  r.device_name = "dev-" + id;
  r.status = status;
  r.modified = kEpoch + seconds(modified);
  r.queued = kEpoch - seconds(100);
  return r;
}

const FieldValue* field(const Event& event, const std::string& name) {
  for (const Field& f : event.fields) {
    if (f.name == name) return &f.value;
  }
  return nullptr;
}
std::string text(const Event& event, const std::string& name) {
  const FieldValue* value = field(event, name);
  return value == nullptr ? "(absent)" : std::get<std::string>(*value);
}
std::int64_t integer(const Event& event, const std::string& name) {
  return std::get<std::int64_t>(*field(event, name));
}

class TrackerTest : public testing::Test {
 protected:
  TrackerTest() { tracker.watch("t1", context({{"team", "ota"}}), std::nullopt, at(0)); }
  Observation see(TaskStatus status, int modified, int when) {
    return tracker.observe("t1", reply(status, modified), at(when));
  }
  Tracker tracker{"prod"};
};

TEST_F(TrackerTest, TheFirstReplyIsABaselineNotATransition) {
  const Observation seen = see(kSent, -5, 1);
  ASSERT_EQ(seen.events.size(), 1u);
  EXPECT_EQ(seen.events[0].name, "task_baseline");
  EXPECT_EQ(seen.events[0].level, Level::kInfo);
  EXPECT_EQ(text(seen.events[0], "status"), "SENT");
  ASSERT_EQ(seen.changes.size(), 1u);
  EXPECT_TRUE(seen.changes[0].first_observation);
  EXPECT_FALSE(seen.changes[0].changed_while_watched) << "it changed before we watched";
  ASSERT_EQ(seen.counters.size(), 1u);
  EXPECT_EQ(seen.counters[0].key.counter, Counter::kFirstSeen);
  EXPECT_EQ(seen.counters[0].key.status, kSent);
}

TEST_F(TrackerTest, ABadBaselineWarnsOnlyIfItChangedSinceWeWatch) {
  EXPECT_EQ(see(kFailed, -5, 1).events[0].level, Level::kInfo);
  tracker.watch("t2", context(), std::nullopt, at(0));
  const Observation fresh = tracker.observe("t2", reply(kFailed, 3, "t2"), at(4));
  EXPECT_EQ(fresh.events[0].level, Level::kWarn);
  EXPECT_TRUE(fresh.changes[0].changed_while_watched);
}

TEST_F(TrackerTest, AChangeOfStatusIsATransitionWithTimeBounds) {
  see(kInProgress, 1, 2);
  see(kInProgress, 1, 7);
  TaskReply failed = reply(kFailed, 9);
  failed.message = "flash write error";
  failed.progress = 80;
  const Observation seen = tracker.observe("t1", failed, at(10));
  ASSERT_EQ(seen.events.size(), 1u);
  const Event& event = seen.events[0];
  EXPECT_EQ(event.name, "task_transition");
  EXPECT_EQ(event.level, Level::kWarn);
  EXPECT_EQ(text(event, "account"), "prod");
  EXPECT_EQ(text(event, "iot_instance"), "main");
  EXPECT_EQ(text(event, "from"), "IN_PROGRESS");
  EXPECT_EQ(text(event, "to"), "FAILED");
  EXPECT_EQ(integer(event, "attempt"), 1);
  EXPECT_EQ(integer(event, "progress"), 80);
  EXPECT_EQ(text(event, "modified_at"), rfc3339(kEpoch + seconds(9)));
  EXPECT_EQ(text(event, "observed_at"), rfc3339(kEpoch + seconds(10)));
  EXPECT_EQ(text(event, "not_before"), rfc3339(kEpoch + seconds(7)));
  EXPECT_EQ(text(event, "status_message"), "flash write error");
  EXPECT_EQ(field(event, "inferred"), nullptr);
  EXPECT_EQ(field(event, "anomaly"), nullptr);
  EXPECT_EQ(std::get<StringMap>(*field(event, "labels")), (StringMap{{"team", "ota"}}));
  EXPECT_EQ(seen.counters[0].key, (CounterKey{"prod", "job", Counter::kTransitions, kFailed}));
}

TEST_F(TrackerTest, NoChangeIsNoEvent) {
  see(kSent, 1, 2);
  const Observation seen = see(kSent, 1, 3);
  EXPECT_TRUE(seen.accepted);
  EXPECT_TRUE(seen.events.empty() && seen.changes.empty() && seen.counters.empty());
  EXPECT_EQ(tracker.record("t1")->last_seen, at(3).wall);
}

TEST_F(TrackerTest, ProgressAloneChangesTheRecordOnly) {
  see(kInProgress, 1, 2);
  TaskReply more = reply(kInProgress, 4);
  more.progress = 50;
  const Observation seen = tracker.observe("t1", more, at(5));
  EXPECT_TRUE(seen.events.empty() && seen.counters.empty());
  ASSERT_EQ(seen.changes.size(), 1u);
  EXPECT_FALSE(seen.changes[0].from);
  EXPECT_EQ(seen.changes[0].record.last.progress, 50);
}

TEST_F(TrackerTest, UnseenStepsAreInferredByName) {
  see(kQueued, 1, 2);
  const Observation seen = see(kSucceeded, 30, 31);
  EXPECT_EQ(std::get<StringList>(*field(seen.events[0], "inferred")),
            (StringList{"SENT", "IN_PROGRESS"}));
}

TEST(InferredSteps, NameOnlyWhatMustHavePassed) {
  EXPECT_THAT(inferred_steps(kQueued, kSent), ElementsAre());
  EXPECT_THAT(inferred_steps(kQueued, kInProgress), ElementsAre(kSent));
  EXPECT_THAT(inferred_steps(kSent, kTimedOut), ElementsAre(kInProgress));
  EXPECT_THAT(inferred_steps(kQueued, kRejected), ElementsAre(kSent));
  EXPECT_THAT(inferred_steps(kQueued, kCancelled), ElementsAre());
  EXPECT_THAT(inferred_steps(kQueued, kUnknown), ElementsAre());
  EXPECT_THAT(inferred_steps(kUnknown, kFailed), ElementsAre());
  EXPECT_THAT(inferred_steps(kFailed, kQueued), ElementsAre());
  EXPECT_THAT(inferred_steps(kFailed, kInProgress), ElementsAre(kQueued, kSent));
  EXPECT_THAT(inferred_steps(kTimedOut, kSucceeded), ElementsAre(kQueued, kSent, kInProgress));
}

TEST_F(TrackerTest, AnOlderReplyIsStaleAndIgnored) {
  see(kInProgress, 10, 11);
  const Observation seen = see(kSent, 5, 12);
  EXPECT_FALSE(seen.accepted);
  EXPECT_TRUE(seen.changes.empty() && seen.events.empty());
  EXPECT_THAT(seen.anomalies, ElementsAre(Anomaly::kStaleReply));
  EXPECT_EQ(tracker.record("t1")->last.status, kInProgress);
  EXPECT_EQ(tracker.record("t1")->last_seen, at(11).wall);
}

TEST_F(TrackerTest, AtEqualTimesTheLaterStatusWins) {
  see(kSent, 10, 11);
  EXPECT_EQ(see(kInProgress, 10, 12).events.size(), 1u);
  EXPECT_FALSE(see(kQueued, 10, 13).accepted);
  EXPECT_EQ(see(kSucceeded, 10, 14).events.size(), 1u);
  EXPECT_FALSE(see(kFailed, 10, 15).accepted) << "finished is finished";
}

TEST_F(TrackerTest, ThreeAgreeingRefusalsOverAMinuteAreAcceptedAsARegression) {
  see(kSucceeded, 100, 101);
  EXPECT_FALSE(see(kInProgress, 50, 110).accepted);
  EXPECT_FALSE(see(kInProgress, 50, 120).accepted);
  EXPECT_FALSE(see(kInProgress, 50, 130).accepted) << "three, but in twenty seconds";
  const Observation seen = see(kInProgress, 50, 171);
  ASSERT_TRUE(seen.accepted);
  EXPECT_EQ(text(seen.events.at(0), "anomaly"), "regression");
  EXPECT_EQ(text(seen.events.at(0), "to"), "IN_PROGRESS");
  EXPECT_THAT(seen.anomalies, ElementsAre(Anomaly::kRegression));
}

TEST_F(TrackerTest, RefusalsThatDisagreeOrAreInterruptedAreNotAccepted) {
  see(kSucceeded, 100, 101);
  see(kInProgress, 50, 110);
  see(kSent, 40, 150);
  EXPECT_FALSE(see(kInProgress, 50, 200).accepted);
  see(kInProgress, 50, 205);
  see(kSucceeded, 100, 206);
  EXPECT_FALSE(see(kInProgress, 50, 280).accepted);
}

TEST_F(TrackerTest, ARerunOpensTheNextAttempt) {
  see(kFailed, 1, 2);
  const Observation rerun = see(kQueued, 10, 11);
  EXPECT_EQ(integer(rerun.events.at(0), "attempt"), 2);
  EXPECT_EQ(rerun.events[0].level, Level::kInfo);
  EXPECT_EQ(field(rerun.events[0], "anomaly"), nullptr);
  EXPECT_TRUE(rerun.anomalies.empty());
  see(kTimedOut, 20, 21);
  EXPECT_EQ(integer(see(kSucceeded, 40, 41).events.at(0), "attempt"), 3);
}

TEST_F(TrackerTest, AFailureQueuedAgainThatFailedAgainIsATransition) {
  see(kFailed, 1, 2);
  TaskReply again = reply(kFailed, 50);
  again.queued = kEpoch + seconds(10);
  const Observation seen = tracker.observe("t1", again, at(51));
  ASSERT_EQ(seen.events.size(), 1u);
  EXPECT_EQ(text(seen.events[0], "from"), "FAILED");
  EXPECT_EQ(integer(seen.events[0], "attempt"), 2);
  EXPECT_EQ(std::get<StringList>(*field(seen.events[0], "inferred")),
            (StringList{"QUEUED", "SENT", "IN_PROGRESS"}));
}

TEST_F(TrackerTest, ASucceededTaskThatRunsAgainIsARegression) {
  see(kSucceeded, 1, 2);
  const Observation seen = see(kInProgress, 10, 11);
  EXPECT_EQ(text(seen.events.at(0), "anomaly"), "regression");
  EXPECT_EQ(integer(seen.events[0], "attempt"), 1);
}

TEST_F(TrackerTest, AnUnknownWordIsKeptAndCountedOnce) {
  see(kSent, 1, 2);
  TaskReply odd = reply(kUnknown, 5);
  odd.status_text = "PAUSED";
  const Observation seen = tracker.observe("t1", odd, at(6));
  EXPECT_EQ(text(seen.events.at(0), "to"), "UNKNOWN");
  EXPECT_EQ(text(seen.events[0], "status_text"), "PAUSED");
  EXPECT_THAT(seen.anomalies, ElementsAre(Anomaly::kUnknownStatus));
  EXPECT_TRUE(tracker.observe("t1", odd, at(7)).anomalies.empty());
  EXPECT_EQ(see(kSucceeded, 9, 10).events.size(), 1u);
}

TEST_F(TrackerTest, AReplyForAnotherTaskChangesNothing) {
  see(kSent, 1, 2);
  const Observation seen = tracker.observe("t1", reply(kFailed, 5, "t2"), at(6));
  EXPECT_FALSE(seen.accepted);
  EXPECT_THAT(seen.anomalies, ElementsAre(Anomaly::kWrongTaskId));
  EXPECT_TRUE(seen.events.empty() && seen.changes.empty());
}

TEST_F(TrackerTest, AJobThatChangesIsCountedAndNotAccepted) {
  see(kSent, 1, 2);
  TaskReply moved = reply(kFailed, 5);
  moved.job_id = "other";
  const Observation seen = tracker.observe("t1", moved, at(6));
  EXPECT_THAT(seen.anomalies, ElementsAre(Anomaly::kJobChanged));
  EXPECT_EQ(tracker.record("t1")->last.job_id, "job");
  ASSERT_EQ(seen.events.size(), 1u) << "its end is seen all the same";
  EXPECT_EQ(text(seen.events[0], "job_id"), "job");
  EXPECT_EQ(seen.counters.at(0).key, (CounterKey{"prod", "job", Counter::kTransitions, kFailed}));
  EXPECT_EQ(tracker.table().counts("job").at(static_cast<std::size_t>(kFailed)), 1u);
}

TEST_F(TrackerTest, ARowOfAnotherJobsListDoesNotMoveTheTask) {
  see(kSent, 1, 2);
  TaskReply row = reply(kSent, 1);
  row.job_id = "other";
  row.listed = true;
  EXPECT_THAT(tracker.observe_row(row, context(), at(0).wall, at(3)).anomalies,
              ElementsAre(Anomaly::kJobChanged));
  row.job_id.clear();
  EXPECT_TRUE(tracker.observe_row(row, context(), at(0).wall, at(4)).anomalies.empty());
  EXPECT_EQ(tracker.record("t1")->last.job_id, "job");
}

TEST_F(TrackerTest, ATaskWhoseJobWasNotNamedTakesTheFirstThatIs) {
  TaskReply nameless = reply(kSent, 1);
  nameless.job_id.clear();
  tracker.observe("t1", nameless, at(2));
  EXPECT_TRUE(see(kFailed, 5, 6).anomalies.empty());
  EXPECT_EQ(tracker.record("t1")->last.job_id, "job");
}

TEST_F(TrackerTest, TextsThatChangeWithEachReplyAreNotKept) {
  for (int i = 0; i < 1000; ++i) {
    TaskReply changing = reply(kInProgress, i);
    changing.job_name = "name" + std::to_string(i);
    changing.product_key = "product" + std::to_string(i);
    tracker.observe("t1", changing, at(i));
  }
  EXPECT_EQ(tracker.table().texts(), 3u);
  EXPECT_EQ(tracker.record("t1")->last.job_name, "name999");
  EXPECT_EQ(tracker.record("t1")->last.product_key, "product999");
  tracker.unwatch("t1");
  EXPECT_EQ(tracker.table().texts(), 0u);
}

TEST_F(TrackerTest, AJobThatTakesAnothersPlaceHasItsOwnCounts) {
  see(kFailed, 1, 2);
  tracker.unwatch("t1");
  tracker.watch("t2", context(), std::nullopt, at(3));
  TaskReply other = reply(kSent, 4, "t2");
  other.job_id = "other";
  tracker.observe("t2", other, at(5));
  EXPECT_EQ(tracker.table().counts("job"), TaskCounts{});
  TaskCounts sent{};
  sent.at(static_cast<std::size_t>(kSent)) = 1;
  EXPECT_EQ(tracker.table().counts("other"), sent);
}

TEST_F(TrackerTest, StepsThatWereReadGiveDurations) {
  TaskReply queued = reply(kQueued, 0);
  queued.queued = kEpoch;
  tracker.observe("t1", queued, at(1));
  TaskReply sent = queued;
  sent.status = kSent;
  sent.modified = kEpoch + seconds(20);
  EXPECT_EQ(tracker.observe("t1", sent, at(21)).changes.at(0).queue_wait, seconds(20));
  see(kInProgress, 30, 31);
  EXPECT_EQ(see(kSucceeded, 75, 76).changes.at(0).execution, seconds(45));
}

TEST_F(TrackerTest, StepsThatWereNotReadGiveNone) {
  see(kQueued, 0, 1);
  const Observation seen = see(kSucceeded, 75, 76);
  EXPECT_FALSE(seen.changes.at(0).queue_wait);
  EXPECT_FALSE(seen.changes.at(0).execution);
}

TEST_F(TrackerTest, ThreeAbsencesOverTwoMinutesMakeATaskGone) {
  see(kSent, 1, 2);
  EXPECT_TRUE(tracker.not_found("t1", at(10)).events.empty());
  EXPECT_TRUE(tracker.not_found("t1", at(70)).events.empty());
  EXPECT_TRUE(tracker.not_found("t1", at(100)).events.empty()) << "90 s";
  const Observation seen = tracker.not_found("t1", at(130));
  ASSERT_EQ(seen.events.size(), 1u);
  EXPECT_EQ(seen.events[0].name, "task_gone");
  EXPECT_TRUE(tracker.is_gone("t1"));
  EXPECT_TRUE(seen.changes.at(0).record.gone);
  EXPECT_TRUE(tracker.not_found("t1", at(800)).events.empty()) << "reported once";
  EXPECT_TRUE(see(kSent, 1, 900).accepted);
  EXPECT_FALSE(tracker.is_gone("t1")) << "back again";
}

TEST_F(TrackerTest, AnIdThatNeverWasIsGoneToo) {
  for (int s : {0, 60, 120}) tracker.not_found("t1", at(s));
  EXPECT_TRUE(tracker.is_gone("t1"));
  EXPECT_FALSE(tracker.record("t1"));
}

TEST_F(TrackerTest, ASuccessBetweenInterruptsAbsence) {
  tracker.not_found("t1", at(0));
  tracker.not_found("t1", at(60));
  see(kSent, 1, 61);
  EXPECT_TRUE(tracker.not_found("t1", at(125)).events.empty());
  EXPECT_FALSE(tracker.is_gone("t1"));
}

TEST_F(TrackerTest, ATaskQueuedLaterForTheSameDeviceSupersedes) {
  TaskReply old = reply(kFailed, 1);
  old.device_name = "dev";
  tracker.observe("t1", old, at(2));
  tracker.watch("t2", context(), std::nullopt, at(3));
  TaskReply fresh = reply(kQueued, 10, "t2");
  fresh.device_name = "dev";
  fresh.queued = kEpoch + seconds(10);
  const Observation seen = tracker.observe("t2", fresh, at(11));
  ASSERT_EQ(seen.events.size(), 2u);
  EXPECT_EQ(seen.events[1].name, "task_superseded");
  EXPECT_EQ(text(seen.events[1], "task_id"), "t1");
  EXPECT_EQ(text(seen.events[1], "superseded_by"), "t2");
  EXPECT_TRUE(tracker.record("t1")->superseded);
  EXPECT_FALSE(tracker.record("t2")->superseded);
  EXPECT_TRUE(tracker.observe("t2", fresh, at(12)).events.empty()) << "reported once";
}

TEST_F(TrackerTest, OrderOfObservationDoesNotDecideWhoIsSuperseded) {
  tracker.watch("t2", context(), std::nullopt, at(0));
  TaskReply fresh = reply(kQueued, 10, "t2");
  fresh.device_name = "dev";
  fresh.queued = kEpoch + seconds(10);
  tracker.observe("t2", fresh, at(11));
  TaskReply old = reply(kFailed, 1);
  old.device_name = "dev";
  tracker.observe("t1", old, at(12));
  EXPECT_TRUE(tracker.record("t1")->superseded);
  EXPECT_FALSE(tracker.record("t2")->superseded);
}

TEST_F(TrackerTest, AKnownTaskGoesOnWithoutASecondBaseline) {
  TaskRecord known;
  known.key = {"prod", "t3"};
  known.last = reply(kInProgress, 5, "t3");
  known.attempt = 4;
  known.last_seen = at(6).wall;
  tracker.watch("t3", context(), known, at(100));
  const Observation seen = tracker.observe("t3", reply(kFailed, 90, "t3"), at(101));
  ASSERT_EQ(seen.events.size(), 1u);
  EXPECT_EQ(seen.events[0].name, "task_transition");
  EXPECT_EQ(integer(seen.events[0], "attempt"), 4);
  EXPECT_EQ(text(seen.events[0], "not_before"), rfc3339(at(6).wall));
}

TEST_F(TrackerTest, UnwatchingForgets) {
  see(kSent, 1, 2);
  tracker.unwatch("t1");
  tracker.unwatch("never there");
  EXPECT_FALSE(tracker.watches("t1"));
  EXPECT_EQ(tracker.table().size(), 0u);
}

TEST_F(TrackerTest, DeviceTextInEventsIsCutAndLosesUrlQueries) {
  see(kInProgress, 1, 2);
  TaskReply failed = reply(kFailed, 5);
  failed.status_detail =
      "GET https://b.oss.aliyuncs.com/f?Signature=canary failed " + std::string(1000, 'x');
  const Observation seen = tracker.observe("t1", failed, at(6));
  const std::string detail = text(seen.events.at(0), "status_detail");
  EXPECT_EQ(detail.find("canary"), std::string::npos);
  EXPECT_LT(detail.size(), 300u);
}

TEST_F(TrackerTest, ADeviceThatChangesItsNameLeavesNothingBehind) {
  see(kSent, 1, 2);
  TaskReply moved = reply(kInProgress, 3);
  moved.device_name = "renamed";
  tracker.observe("t1", moved, at(4));
  tracker.unwatch("t1");

  tracker.watch("t2", context(), std::nullopt, at(5));
  TaskReply other = reply(kSent, 5, "t2");
  other.device_name = "dev-t1";
  EXPECT_EQ(tracker.observe("t2", other, at(6)).events.size(), 1u) << "its baseline alone";
  tracker.watch("t3", context(), std::nullopt, at(6));
  TaskReply third = reply(kSent, 6, "t3");
  third.device_name = "renamed";
  EXPECT_EQ(tracker.observe("t3", third, at(7)).events.size(), 1u);
}

TEST_F(TrackerTest, TasksQueuedAtTheSameInstantDoNotSupersedeEachOther) {
  see(kSent, 1, 2);
  tracker.watch("t2", context(), std::nullopt, at(3));
  TaskReply twin = reply(kSent, 1, "t2");
  twin.device_name = "dev-t1";
  EXPECT_EQ(tracker.observe("t2", twin, at(4)).events.size(), 1u);
  EXPECT_FALSE(tracker.record("t1")->superseded);
  EXPECT_FALSE(tracker.record("t2")->superseded);
}

TEST_F(TrackerTest, ASupersededTaskThatIsQueuedAgainIsTheLiveOneAgain) {
  see(kFailed, 1, 2);
  tracker.watch("t2", context(), std::nullopt, at(3));
  TaskReply newer = reply(kFailed, 5, "t2");
  newer.device_name = "dev-t1";
  newer.queued = kEpoch + seconds(4);
  tracker.observe("t2", newer, at(6));
  ASSERT_TRUE(tracker.record("t1")->superseded);

  TaskReply again = reply(kQueued, 10);
  again.queued = kEpoch + seconds(10);
  const Observation seen = tracker.observe("t1", again, at(11));
  EXPECT_FALSE(tracker.record("t1")->superseded);
  EXPECT_TRUE(tracker.record("t2")->superseded);
  // The store keeps the last of the changes to a task.
  bool stored_as_superseded = true;
  for (const TaskChange& change : seen.changes) {
    if (change.record.key.task_id == "t1") stored_as_superseded = change.record.superseded;
  }
  EXPECT_FALSE(stored_as_superseded);
}

}  // namespace
}  // namespace taskwatchd
