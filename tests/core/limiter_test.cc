#include "core/limiter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;

constexpr Mono kStart{std::chrono::hours(1)};

// The most sends in any window [t, t + 1 s).
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
      if (random() % 40 == 0) limiter.refused(now);
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
    limiter.clean(now);
  }
  EXPECT_NEAR(seconds(now - kStart), 1000 * 0.205, 0.001);
}

TEST(Limiter, ARareRefusalWidensTheGapAndCleanTimeNarrowsIt) {
  Limiter limiter(5, 1.0, kStart);
  limiter.refused(kStart);
  EXPECT_EQ(limiter.next() - kStart, milliseconds(210));
  EXPECT_LT(limiter.rate(), 5);
  Mono now = kStart;
  for (int i = 0; i < 5; ++i) {
    now += std::chrono::seconds(10);
    limiter.clean(now);
    limiter.clean(now);  // one step a spell
  }
  EXPECT_EQ(limiter.next() - kStart, milliseconds(205));
  EXPECT_DOUBLE_EQ(limiter.rate(), 5);
}

TEST(Limiter, ManyRefusalsCutTheRateToTheFloorAndItRecovers) {
  Limiter limiter(5, 1.0, kStart);
  limiter.refused(kStart);
  limiter.refused(kStart);
  limiter.refused(kStart);
  EXPECT_DOUBLE_EQ(limiter.rate(), 3.5);
  for (int i = 0; i < 100; ++i) limiter.refused(kStart);
  EXPECT_GE(limiter.next() - kStart, std::chrono::seconds(2));
  EXPECT_LE(limiter.next() - kStart, milliseconds(2300));
  Mono now = kStart;
  for (int i = 0; i < 60; ++i) limiter.clean(now += std::chrono::seconds(10));
  EXPECT_GT(limiter.rate(), 4.2);
}

TEST(Limiter, RefusalsFarApartDoNotCut) {
  Limiter limiter(5, 1.0, kStart);
  for (int round = 0; round < 5; ++round) {
    limiter.refused(kStart);
    for (int i = 0; i < 60; ++i) limiter.clean(kStart);
  }
  EXPECT_GT(limiter.rate(), 4.0);
}

TEST(Limiter, TheCloudsWishToWaitAlwaysDelays) {
  Limiter limiter(5, 1.0, kStart);
  limiter.hold_until(kStart + std::chrono::seconds(7));
  limiter.hold_until(kStart + std::chrono::seconds(3));
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
