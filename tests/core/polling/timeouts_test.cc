#include "core/polling/timeouts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/tracking/tracker.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using enum TaskStatus;

const Wall kEpoch{hours(400'000)};
constexpr Duration kTimeout = seconds(1800);

Now at(double s) {
  const auto since = milliseconds(static_cast<std::int64_t>(s * 1000));
  return {Mono(hours(1) + since), kEpoch + since};
}

class TimeoutsTest : public testing::Test {
 protected:
  // Observes the task in this status, which it has had since `modified`.
  void see(const std::string& id, TaskStatus status, int modified, double when) {
    TaskReply row;
    row.task_id = id;
    row.job_id = "job";
    row.status = status;
    row.modified = kEpoch + seconds(modified);
    row.listed = true;
    tracker.observe_row(row, context, kEpoch, at(when));
    const auto slot = *tracker.table().find(id);
    timeouts.expect(slot, tracker.table().row(slot), kTimeout);
  }
  NextCall next(double when, Duration min_interval = seconds(0)) {
    timeouts.reach(at(when), tracker.table());
    return timeouts.next(at(when), min_interval, gates, tracker.table(),
                         [this](const std::string&) { return watched ? &instance : nullptr; });
  }
  // Returns the task to poll next, and marks it as polled; empty if there is none.
  std::string asked(double when, Duration min_interval = seconds(0)) {
    const NextCall named = next(when, min_interval);
    if (!named.call) return "";
    last = *named.call;
    last.number = ++calls;
    timeouts.on_sent(last, at(when).mono);
    EXPECT_TRUE(timeouts.in_flight(named.call->task_id, at(when).mono));
    return named.call->task_id;
  }
  // Applies the response to the latest call.
  void answered() { timeouts.on_response(last); }

  Tracker tracker{"prod"};
  SharedContext context = std::make_shared<const TaskContext>(TaskContext{"main", {}});
  Timeouts timeouts;
  static Gates open_at(Mono when) {
    Gates gates;
    gates.add("main", when);
    return gates;
  }
  Gates gates = open_at(Mono::min());
  std::string instance = "main";
  bool watched = true;
  Call last;
  std::uint64_t calls = 0;
};

TEST_F(TimeoutsTest, AreReachedOnceAndOnlyByThoseThatStillRun) {
  see("a", kInProgress, 1, 2);
  see("b", kInProgress, 1, 2);
  see("c", kQueued, 1, 2);
  see("b", kSucceeded, 60, 61);
  EXPECT_THAT(timeouts.reach(at(1800), tracker.table()), IsEmpty());
  EXPECT_THAT(timeouts.reach(at(1801), tracker.table()), ElementsAre("job"));
  EXPECT_TRUE(timeouts.is_due("a"));
  EXPECT_FALSE(timeouts.is_due("b"));
  EXPECT_THAT(timeouts.reach(at(9999), tracker.table()), IsEmpty());
}

TEST_F(TimeoutsTest, ADueTaskIsPolledRepeatedlyUntilItsCompletionIsObserved) {
  see("a", kInProgress, 0, 2);
  EXPECT_EQ(next(1799).wake, at(1800).mono);
  EXPECT_EQ(next(1800).wake, at(1800.3).mono);
  EXPECT_EQ(asked(1800.5), "a");
  EXPECT_FALSE(next(1801.2).call) << "being asked";
  answered();
  EXPECT_EQ(asked(1801.2), "a");
  answered();
  see("a", kTimedOut, 1801, 1801.3);
  EXPECT_FALSE(next(1802).call);
  EXPECT_FALSE(timeouts.is_due("a"));
}

TEST_F(TimeoutsTest, ACountThatGrowsNamesItAtOnceAndOneThatStandsStillSparesTheCall) {
  see("a", kInProgress, 0, 2);
  EXPECT_FALSE(next(1800).call);
  timeouts.counted("job", false, at(1800.6).mono);
  EXPECT_FALSE(next(1800.8).call);
  timeouts.counted("another", true, at(1800.8).mono);
  EXPECT_FALSE(next(1800.8).call);
  timeouts.counted("job", true, at(1800.81).mono);
  EXPECT_EQ(asked(1800.82), "a");
}

TEST_F(TimeoutsTest, WhereOneTaskIsPolledRarelyTheCountShowsWhen) {
  see("a", kInProgress, 0, 2);
  EXPECT_EQ(next(1800, seconds(5)).wake, at(1805).mono);
  timeouts.counted("job", true, at(1801).mono);
  EXPECT_EQ(asked(1801, seconds(5)), "a");
  answered();
  timeouts.counted("job", true, at(1802).mono);
  EXPECT_EQ(next(1802, seconds(5)).wake, at(1806).mono) << "the floor";
  EXPECT_EQ(asked(1806, seconds(5)), "a");
}

TEST_F(TimeoutsTest, TheLeastRecentlyPolledComeFirstAndNoTaskForEver) {
  see("a", kInProgress, 0, 2);
  see("b", kInProgress, 0, 2);
  next(1800);
  EXPECT_EQ(asked(1801), "a");
  answered();
  EXPECT_EQ(asked(1801.6), "b");
  answered();
  EXPECT_EQ(asked(1801.7), "a");
  timeouts.on_failure(last, at(1804).mono);
  EXPECT_EQ(asked(1802.2), "b");
  answered();
  EXPECT_EQ(next(1802.3).wake, at(1802.5).mono) << "a's call came to nothing: not before 1804.3";
  timeouts.counted("job", true, at(1802.4).mono);
  EXPECT_EQ(asked(1802.5), "b");
  EXPECT_EQ(next(1802.6).wake, at(1804).mono) << "not even when the count grows";
  EXPECT_FALSE(next(1811).call) << "so long after its timeout it has none";
  EXPECT_FALSE(timeouts.is_due("a"));
}

TEST_F(TimeoutsTest, AnInstanceThatBacksOffWaitsAndAnUnwatchedJobIsDropped) {
  see("a", kInProgress, 0, 2);
  next(1800);
  gates = open_at(at(1803).mono);
  EXPECT_EQ(next(1801).wake, at(1803).mono);
  watched = false;
  EXPECT_FALSE(next(1804).call);
  EXPECT_FALSE(timeouts.is_due("a"));
}

}  // namespace
}  // namespace taskwatchd
