#include "core/polling/limiter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;

constexpr Mono kStart{std::chrono::hours(1)};

// The largest number of sends in any window [t, t + 1 s).
std::size_t most_in_a_second(const std::vector<Mono>& sends) {
  std::size_t most = 0;
  for (std::size_t first = 0, last = 0; last < sends.size(); ++last) {
    while (sends[last] - sends[first] >= std::chrono::seconds(1)) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

TEST(Limiter, StartsEmpty) {
  const Limiter limiter(5, 1.0, kStart);
  EXPECT_EQ(limiter.next(), kStart + milliseconds(205));
}

TEST(Limiter, AnApiThatIsNotUsedNeverSends) {
  const Limiter limiter(0, 0.8, kStart);
  EXPECT_FALSE(limiter.in_use());
  EXPECT_EQ(limiter.next(), Mono::max());
  EXPECT_EQ(limiter.rate(), 0);
}

TEST(Limiter, NoWindowHoldsMoreThanTheQuotaWhateverTheRateAndRestarts) {
  std::mt19937_64 random(7);
  for (const double rate : {0.5, 0.8, 1.0, 2.5, 4.0, 5.0, 10.0, 33.3}) {
    std::vector<Mono> sends;
    Mono now = kStart;
    Limiter limiter(rate, 1.0, now);
    for (int i = 0; i < 2000; ++i) {
      if (random() % 50 == 0) limiter = Limiter(rate, 1.0, now);  // a restart
      if (random() % 70 == 0) limiter.configure(rate, 1.0);       // a reload
      if (random() % 40 == 0) limiter.on_throttled(now, now);
      now = std::max(now, limiter.next()) + milliseconds(random() % 3 == 0 ? random() % 400 : 0);
      limiter.sent(now);
      sends.push_back(now);
    }
    EXPECT_LE(most_in_a_second(sends), static_cast<std::size_t>(std::ceil(rate))) << rate;
  }
}

TEST(Limiter, UsesTheQuotaButForTheGuard) {
  Limiter limiter(5, 1.0, kStart);
  Mono now = kStart;
  for (int i = 0; i < 1000; ++i) {
    now = limiter.next();
    limiter.sent(now);
    limiter.on_accepted(now, now);
  }
  EXPECT_NEAR(seconds(now - kStart), 1000 * 0.205, 0.001);
}

// Sends `calls` calls 200 ms apart, each answered at once. Returns the time of the last call.
Mono accept(Limiter& limiter, Mono now, int calls) {
  for (int i = 0; i < calls; ++i) {
    now += milliseconds(200);
    limiter.on_accepted(now, now);
  }
  return now;
}

TEST(Limiter, OneThrottledCallInAHundredChangesNothing) {
  Limiter limiter(5, 1.0, kStart);
  Mono now = kStart;
  for (int round = 0; round < 10; ++round) {
    now = accept(limiter, now, 32) + milliseconds(200);
    limiter.on_throttled(now, now);
    EXPECT_EQ(limiter.rate(), 5) << round;
  }
}

TEST(Limiter, CallsInFlightWhenTheRateFellDoNotCutItAgain) {
  Limiter limiter(5, 1.0, kStart);
  const Mono departed = kStart + milliseconds(1);
  const Mono now = kStart + std::chrono::seconds(2);
  limiter.on_throttled(departed, now);
  EXPECT_EQ(limiter.rate(), 5);
  for (int i = 0; i < 9; ++i) limiter.on_throttled(departed + milliseconds(200 * i), now);
  const double once = limiter.rate();
  EXPECT_GT(once, 2.5);
  EXPECT_LT(once, 4.5);
  // One round trip later, the rate may be reduced again.
  const Mono later = now + milliseconds(300);
  for (int i = 0; i < 3; ++i) limiter.on_throttled(now + milliseconds(1 + i), later);
  EXPECT_LT(limiter.rate(), once);
}

TEST(Limiter, TheRateFallsToTheMinimumRateAndNotBelow) {
  Limiter limiter(5, 1.0, kStart);
  Limiter small(0.4, 1.0, kStart);
  Mono now = kStart;
  for (int i = 0; i < 100; ++i) {
    now += milliseconds(100);
    limiter.on_throttled(now, now);
    small.on_throttled(now, now);
  }
  EXPECT_EQ(limiter.rate(), 0.5);
  EXPECT_EQ(small.rate(), 0.4);
}

TEST(Limiter, WhatWasLearnedLongAgoDoesNotHoldBackRareCalls) {
  Limiter limiter(5, 1.0, kStart);
  for (int i = 1; i < 10; ++i) limiter.on_throttled(kStart + milliseconds(i), kStart);
  ASSERT_LT(limiter.rate(), 4);
  const Mono later = kStart + std::chrono::minutes(1);
  limiter.on_accepted(later, later);
  EXPECT_EQ(limiter.rate(), 5);
}

TEST(Limiter, AnAnswerAfterAReloadThatTookTheApiAwayIsIgnored) {
  Limiter limiter(5, 1.0, kStart);
  limiter.configure(0, 1.0);
  limiter.on_throttled(kStart + milliseconds(1), kStart + milliseconds(2));
  limiter.on_accepted(kStart + milliseconds(1), kStart + milliseconds(2));
  EXPECT_FALSE(limiter.in_use());
  limiter.configure(5, 1.0);
  EXPECT_EQ(limiter.rate(), 5);
}

TEST(Limiter, ARequestToWaitAlwaysDelays) {
  Limiter limiter(5, 1.0, kStart);
  limiter.back_off_until(kStart + std::chrono::seconds(7));
  limiter.back_off_until(kStart + std::chrono::seconds(3));
  EXPECT_EQ(limiter.next(), kStart + std::chrono::seconds(7));
}

TEST(Limiter, ANewQuotaKeepsTheDistanceToTheLastSend) {
  Limiter limiter(5, 1.0, kStart);
  Mono now = limiter.next();
  limiter.sent(now);
  limiter.configure(10, 1.0);
  EXPECT_EQ(limiter.next(), now + milliseconds(105));
  limiter.configure(1, 0.5);
  EXPECT_EQ(limiter.next(), now + milliseconds(2005));
  EXPECT_DOUBLE_EQ(limiter.configured_rate(), 0.5);
}

}  // namespace
}  // namespace taskwatchd
