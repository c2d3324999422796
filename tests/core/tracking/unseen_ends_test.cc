#include "core/tracking/unseen_ends.h"

#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

using std::chrono::minutes;
using enum TaskStatus;

class UnseenEndsTest : public testing::Test {
 protected:
  void counted(TaskStatus status, std::uint32_t tasks) {
    if (!statistics) statistics.emplace();
    count_of(statistics->tasks, status) = tasks;
  }
  void shown(TaskStatus status, std::uint32_t tasks) { count_of(seen, status) = tasks; }
  // Updates the counts one minute later.
  void update() {
    now += minutes(1);
    ends.update(statistics ? &*statistics : nullptr, seen, now);
  }
  std::optional<JobStatistics> statistics;
  TaskCounts seen{};
  Wall now{std::chrono::hours(400'000)};
  UnseenEnds ends;
};

TEST_F(UnseenEndsTest, ThereAreNoneBeforeTheFirstStatistics) {
  shown(kSucceeded, 3);
  update();
  EXPECT_EQ(ends.tasks(), 0u);
  EXPECT_FALSE(ends.since());
}

TEST_F(UnseenEndsTest, AreWhatTheStatisticsCountAndNoResponseHasShown) {
  counted(kInProgress, 50);
  counted(kSucceeded, 5);
  counted(kFailed, 2);
  shown(kSucceeded, 4);
  update();
  EXPECT_EQ(ends.tasks(), 3u);
  EXPECT_EQ(ends.since(), now);
}

TEST_F(UnseenEndsTest, TheInstantStaysUntilAllAreShown) {
  counted(kSucceeded, 5);
  update();
  const Wall first = now;
  shown(kSucceeded, 3);
  update();
  counted(kSucceeded, 9);
  update();
  EXPECT_EQ(ends.tasks(), 6u);
  EXPECT_EQ(ends.since(), first);
  shown(kSucceeded, 9);
  update();
  EXPECT_EQ(ends.tasks(), 0u);
  EXPECT_FALSE(ends.since());
  counted(kSucceeded, 10);
  update();
  EXPECT_EQ(ends.since(), now);
}

TEST_F(UnseenEndsTest, AListThatIsAheadOfTheStatisticsHidesNothing) {
  counted(kSucceeded, 5);
  counted(kTimedOut, 1);
  shown(kSucceeded, 8);
  update();
  EXPECT_EQ(ends.tasks(), 1u);
}

// Ten tasks failed and ran again. The responses that show them FAILED do not stand for other
// completions.
TEST_F(UnseenEndsTest, EndsBeforeARerunStandForNoOther) {
  counted(kFailed, 0);
  counted(kQueued, 10);
  counted(kSucceeded, 3);
  shown(kFailed, 10);
  update();
  EXPECT_EQ(ends.tasks(), 3u);
}

}  // namespace
}  // namespace taskwatchd
