// How the limiter shares a quota with other programs, on a virtual clock: 10 minutes each, 20
// seeds.
#include <gtest/gtest.h>

#include <cmath>

#include "core/polling/limiter_world.h"

namespace taskwatchd {
namespace {

constexpr double kFull = 5;  // the quota; 1/(1/5 s + 5 ms) = 4.88 calls/s leave

LimiterWorld shared_with(double others) {
  LimiterWorld world;
  world.others = others;
  world.others_guard = 0.005;
  return world;
}

TEST(LimiterShare, AloneItUsesTheQuota) {
  const LimiterResults results = simulate({});
  EXPECT_GE(results.worst.used, 0.97 * kFull);
  EXPECT_LT(results.worst.throttled, 0.002);
}

TEST(LimiterShare, ThreeOfAHundredThrottledAtRandomKeepTheRate) {
  LimiterWorld world;
  world.at_random = 0.03;
  const LimiterResults results = simulate(world);
  EXPECT_GE(results.worst.rate, 0.9 * kFull);
  EXPECT_GE(results.mean.rate, 0.95 * kFull);
}

TEST(LimiterShare, SevenOfAHundredThrottledAtRandomKeepFourFifths) {
  LimiterWorld world;
  world.at_random = 0.07;
  const LimiterResults results = simulate(world);
  EXPECT_GE(results.worst.rate, 0.8 * kFull);
  EXPECT_GE(results.mean.rate, 0.9 * kFull);
}

TEST(LimiterShare, WhatOtherProgramsLeaveIsUsed) {
  const LimiterResults results = simulate(shared_with(3));
  EXPECT_GE(results.worst.used, 1.8);
  EXPECT_LT(results.worst.throttled, 0.04);
  EXPECT_LT(results.worst.others_throttled, 0.04);
  EXPECT_GE(simulate(shared_with(1)).worst.used, 3.8);
  EXPECT_GE(simulate(shared_with(2)).worst.used, 2.8);
  // One probe every 20 s is one call in 20 here: the rate must be full again within 30 s.
  EXPECT_GE(simulate(shared_with(4)).worst.used, 0.85);
}

// If the calls of other programs are exactly 1/3 s apart, their call of one second ago lies on the
// edge of the window. With any jitter it still counts for every second call of theirs. Such a call
// finds 3 of theirs, so 2 of ours fill the quota. On average a window contains as many of our calls
// as we send per second, also when they call. At 1.8/s it contains 2 of ours for four in five of
// their calls. (It never contains 3: then it would contain 1 more often, but 3 throttle them for
// certain.) After one of their calls is throttled, their next three find only 2 of theirs. So one
// call in 3 + 1/(0.8 x 0.5) = 5.5 of theirs is throttled, 18 %. None of ours is, because we always
// find 3 of theirs and 1 of ours. No response shows us that they are throttled. A rate that keeps
// them below 4 % would leave us 1.1/s.
TEST(LimiterShare, OthersExactlyAThirdOfASecondApartAreThrottledByTheirOwnCalls) {
  LimiterWorld world = shared_with(3);
  world.others_guard = 0;
  const LimiterResults results = simulate(world);
  EXPECT_GE(results.worst.used, 1.8);
  EXPECT_LT(results.mean.throttled, 0.1);
  EXPECT_LT(results.mean.others_throttled, 0.3);
}

TEST(LimiterShare, ItIsFullAgainThirtySecondsAfterTheOthersLeft) {
  for (const double others : {3, 6}) {
    LimiterWorld world = shared_with(others);
    world.others_there = [](double now) { return now < 120; };
    world.counted_from = 150;
    world.length = 200;
    const LimiterResults results = simulate(world);
    EXPECT_GE(results.worst.rate, 0.99 * kFull) << others;
  }
}

TEST(LimiterShare, OthersComeAndGo) {
  LimiterWorld world = shared_with(3);
  world.others_there = [](double now) { return std::fmod(now, 120) >= 60; };
  const LimiterResults results = simulate(world);
  EXPECT_GE(results.worst.used, 3);  // mean of 5 and 2, less 25 s of each minute to adapt
  EXPECT_LT(results.worst.throttled, 0.05);
  EXPECT_LT(results.mean.others_throttled, 0.1);
}

TEST(LimiterShare, TheMinimumRateIsKeptWhateverTheOthersDo) {
  const LimiterResults results = simulate(shared_with(6));
  EXPECT_GE(results.worst.rate, 0.5);
  EXPECT_LT(results.mean.rate, 0.6);
}

// Round trip 2 s: ten calls are in flight when the platform throttles all calls for two seconds.
TEST(LimiterShare, TenRefusedInOneFlightRecoverWithinThirtySeconds) {
  LimiterWorld world;
  world.round_trip = 2;
  world.refuses = [](double now) { return now > 30 && now <= 32.04; };
  world.counted_from = 64;
  world.length = 70;
  EXPECT_GE(simulate(world).worst.rate, 0.99 * kFull);
}

}  // namespace
}  // namespace taskwatchd
