#include "core/polling/health.h"

#include <gtest/gtest.h>

#include "core/tracking/blind.h"

namespace taskwatchd {
namespace {

using std::chrono::seconds;
using Change = Health::Change;

Now at(int s) {
  return {Mono(std::chrono::hours(1) + seconds(s)), Wall(std::chrono::hours(400'000) + seconds(s))};
}

TEST(Health, IsNotUpBeforeTheFirstSuccess) {
  Health health;
  EXPECT_FALSE(health.up());
  EXPECT_EQ(health.on_success(at(0)), Change::kNone);
  EXPECT_TRUE(health.up());
}

TEST(Health, GoesDownAfterThreeFailuresOverTenSeconds) {
  Health health;
  health.on_success(at(0));
  EXPECT_EQ(health.on_failure(Reason::kTimeout, at(1), 0), Change::kNone);
  EXPECT_EQ(health.on_failure(Reason::kTimeout, at(2), 0), Change::kNone);
  EXPECT_EQ(health.on_failure(Reason::kTimeout, at(3), 0), Change::kNone);
  EXPECT_TRUE(health.up()) << "three failures, but in two seconds";
  EXPECT_EQ(health.on_failure(Reason::kTimeout, at(11), 0), Change::kFailing);
  EXPECT_FALSE(health.up());
  EXPECT_EQ(health.on_failure(Reason::kTimeout, at(20), 0), Change::kNone) << "reported once";
  EXPECT_EQ(health.on_success(at(30)), Change::kRecovered);
  EXPECT_TRUE(health.up());
}

TEST(Health, ASuccessBetweenKeepsItUp) {
  Health health;
  health.on_success(at(0));
  for (int i = 0; i < 10; ++i) {
    health.on_failure(Reason::kServerError, at(10 * i), 0);
    health.on_failure(Reason::kServerError, at(10 * i + 1), 0);
    health.on_success(at(10 * i + 2));
  }
  EXPECT_TRUE(health.up());
}

TEST(Health, ReportsAtOnceWhatOnlyAPersonCanFixAndAgainForAnotherReason) {
  Health health;
  health.on_success(at(0));
  EXPECT_EQ(health.on_failure(Reason::kAuth, at(1), 0), Change::kFailing);
  EXPECT_EQ(health.on_failure(Reason::kAuth, at(2), 0), Change::kNone);
  EXPECT_EQ(health.on_failure(Reason::kForbidden, at(3), 0), Change::kFailing);
}

TEST(Health, ReportsBadRequestsOnlyOnceNothingElseAnswers) {
  Health health;
  health.on_success(at(0));
  for (int i = 1; i < 100; ++i) {
    EXPECT_EQ(health.on_failure(Reason::kBadRequest, at(10 * i), 0), Change::kNone) << "one task's";
    EXPECT_EQ(health.on_success(at(10 * i + 1)), Change::kNone);
  }
  health.on_failure(Reason::kBadRequest, at(1000), 0);
  health.on_failure(Reason::kBadRequest, at(1005), 0);
  EXPECT_EQ(health.on_failure(Reason::kBadRequest, at(1010), 0), Change::kFailing);
}

TEST(Health, ReportsRarelyWhatComesAndGoes) {
  Health health;
  health.on_success(at(0));
  int logged = 0;
  for (int i = 1; i <= 120; ++i) {
    logged += health.on_failure(Reason::kForbidden, at(5 * i), 0) == Change::kFailing ? 1 : 0;
    health.on_success(at(5 * i + 1));
  }
  EXPECT_EQ(logged, 2) << "in ten minutes";
}

TEST(Health, ReportsEachReasonOnceHoweverTheyTakeTurns) {
  Health health;
  health.on_success(at(0));
  int logged = 0;
  for (int i = 1; i <= 100; ++i) {
    const Reason reason = i % 2 == 0 ? Reason::kTimeout : Reason::kServerError;
    logged += health.on_failure(reason, at(10 * i), 0) == Change::kFailing ? 1 : 0;
  }
  EXPECT_EQ(logged, 2);
  EXPECT_EQ(health.on_success(at(1001)), Change::kRecovered);
  EXPECT_EQ(health.on_success(at(1002)), Change::kNone);
}

TEST(Health, ForgetsWhatIsReportedForAnotherInstance) {
  Health health;
  EXPECT_EQ(health.on_failure(Reason::kAuth, at(0), 0), Change::kFailing);
  EXPECT_EQ(health.logged(), Reason::kAuth);
  health.forget_logged();
  EXPECT_EQ(health.on_success(at(1)), Change::kNone);
}

TEST(Health, ProbesARevokedKeyOnceAMinute) {
  Health health;
  health.on_success(at(0));
  for (int i = 1; i < 6; ++i) health.on_failure(Reason::kAuth, at(i), 0.5);
  EXPECT_TRUE(health.up());
  EXPECT_EQ(health.backoff_until(), at(1 + 10).mono) << "so that it is not called up for a minute";
  health.on_failure(Reason::kAuth, at(11), 0.5);
  EXPECT_FALSE(health.up());
  EXPECT_EQ(health.backoff_until(), at(11 + 60).mono);
  health.on_success(at(100));
  EXPECT_LE(health.backoff_until(), at(100).mono);
}

TEST(Health, PausesLongerAndLongerUpToTwentySeconds) {
  Health health;
  Mono before = Mono::min();
  for (int i = 0; i < 20; ++i) {
    health.on_failure(Reason::kUnreachable, at(i), 0.999);
    EXPECT_GE(health.backoff_until(), before);
    before = health.backoff_until();
    EXPECT_LE(health.backoff_until(), at(i + 20).mono);
  }
  EXPECT_GT(health.backoff_until(), at(19 + 19).mono);
}

TEST(BlindWatch, ReportsOnceEveryUnfinishedTaskWasPolledAgain) {
  BlindWatch blind;
  const auto two = [] { return std::vector<std::string>{"a", "b"}; };
  blind.good("a", at(0), two);
  blind.good("b", at(30), two);
  EXPECT_FALSE(blind.take(at(30)));
  EXPECT_EQ(blind.seconds(at(80), true), 0) << "below a minute nobody is blind";
  EXPECT_EQ(blind.seconds(at(100), true), 70);
  EXPECT_EQ(blind.seconds(at(100), false), 0) << "nothing was unfinished";

  blind.good("a", at(130), two);
  blind.transition(at(90).wall);
  blind.transition(at(20).wall);  // before
  EXPECT_FALSE(blind.take(at(130)));
  blind.good("b", at(131), two);
  blind.transition(at(131).wall);  // after
  const auto interval = blind.take(at(131));
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->since, at(30).wall);
  EXPECT_EQ(interval->until, at(130).wall);
  EXPECT_EQ(interval->transitions, 1u);
  EXPECT_FALSE(blind.take(at(132)));
  EXPECT_EQ(blind.seconds(at(132), true), 100);
}

TEST(BlindWatch, ADaemonThatWasDownWasBlind) {
  BlindWatch blind;
  blind.restore(at(0).wall, at(500));
  blind.good("a", at(501), [] { return std::vector<std::string>{"a"}; });
  const auto interval = blind.take(at(501));
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->since, at(0).wall);
}

TEST(BlindWatch, AnIdleAccountIsNotBlind) {
  BlindWatch blind;
  const auto none = [] { return std::vector<std::string>{}; };
  blind.good("a", at(0), none);
  blind.good("a", at(300), none);
  EXPECT_FALSE(blind.take(at(300)));
  EXPECT_EQ(blind.seconds(at(301), false), 0);
}

TEST(BlindWatch, AJumpOfTheWallClockIsNoBlindness) {
  BlindWatch blind;
  const auto one = [] { return std::vector<std::string>{"a"}; };
  blind.good("a", at(0), one);
  blind.good("a", {at(5).mono, at(7200).wall}, one);
  EXPECT_FALSE(blind.take(at(6)));
}

TEST(BlindWatch, AskingSlowlyIsNotBeingBlind) {
  BlindWatch blind;
  blind.set_pace(std::chrono::minutes(5));
  const auto one = [] { return std::vector<std::string>{"a"}; };
  blind.good("a", at(0), one);
  blind.good("a", at(301), one);
  EXPECT_FALSE(blind.take(at(301)));
  EXPECT_EQ(blind.seconds(at(800), true), 0);
  blind.good("a", at(1000), one);
  EXPECT_TRUE(blind.take(at(1000)));
}

}  // namespace
}  // namespace taskwatchd
