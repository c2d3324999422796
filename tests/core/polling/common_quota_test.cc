// A quota shared by all APIs is detected by its edge, and nothing else is mistaken for one.
#include "core/polling/common_quota.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;

constexpr std::array kCalled = {Api::kQueryJobStatistics, Api::kListTask, Api::kQueryTask};

// Calls of three APIs at irregular times. Each call ends before the next one leaves.
class CommonQuotaTest : public testing::Test {
 protected:
  // `admits(api, at)` returns whether the platform accepts the call. `mean` is the gap between
  // calls.
  template <typename Admits>
  void call(int times, milliseconds mean, Admits admits) {
    std::exponential_distribution<double> gap(1.0 / static_cast<double>(mean.count()));
    for (int i = 0; i < times; ++i) {
      now += std::chrono::duration_cast<Duration>(
          std::chrono::duration<double, std::milli>(gap(random)));
      const Api api = kCalled[random() % kCalled.size()];
      quota.on_departure(++number, api, now);
      quota.on_end(number, !admits(api, now));
    }
  }
  // A sliding log, like the platform's own.
  static bool take(std::deque<Mono>& log, std::size_t limit, Mono at) {
    while (!log.empty() && at - log.front() >= std::chrono::seconds(1)) log.pop_front();
    if (log.size() >= limit) return false;
    log.push_back(at);
    return true;
  }

  std::mt19937_64 random{7};
  Mono now{std::chrono::hours(1)};
  std::uint64_t number = 0;
  CommonQuota quota;
  std::deque<Mono> all;
  std::map<Api, std::deque<Mono>> own;
};

TEST_F(CommonQuotaTest, OneLimitOfAllIsFound) {
  for (const std::size_t limit : {3, 5, 10}) {
    SCOPED_TRACE(limit);
    quota.clear();
    all.clear();
    const milliseconds mean(600 / limit);
    call(150, mean, [&](Api, Mono at) { return take(all, limit, at); });
    EXPECT_EQ(quota.find(), limit);
    EXPECT_TRUE(quota.confirms(limit));
    EXPECT_FALSE(quota.contradicts(limit));
    EXPECT_FALSE(quota.confirms(limit + 1));
    EXPECT_TRUE(quota.contradicts(limit - 2));
  }
}

TEST_F(CommonQuotaTest, LimitsOfEachApiAreNoCommonOne) {
  call(200, milliseconds(60), [&](Api api, Mono at) { return take(own[api], 5, at); });
  EXPECT_EQ(quota.find(), std::nullopt);
}

TEST_F(CommonQuotaTest, OtherProgramsCallsAreNone) {
  call(200, milliseconds(100), [&](Api api, Mono at) {
    std::deque<Mono>& log = own[api];
    take(log, 5, at - milliseconds(random() % 50));
    return take(log, 5, at);
  });
  EXPECT_EQ(quota.find(), std::nullopt);
}

TEST_F(CommonQuotaTest, ThrottlingAtRandomIsNone) {
  for (const unsigned percent : {3, 20, 60}) {
    SCOPED_TRACE(percent);
    quota.clear();
    call(200, milliseconds(80), [&](Api, Mono) { return random() % 100 >= percent; });
    EXPECT_EQ(quota.find(), std::nullopt);
  }
}

TEST_F(CommonQuotaTest, OneApiAloneShowsNoCommonLimit) {
  for (int i = 0; i < 200; ++i) {
    now += milliseconds(50 + random() % 200);
    quota.on_departure(++number, Api::kListTask, now);
    quota.on_end(number, !take(all, 5, now));
  }
  EXPECT_EQ(quota.find(), std::nullopt);
}

TEST_F(CommonQuotaTest, UnansweredAndUnsentCallsDoNotCount) {
  quota.on_end(1, true);  // this call never left
  quota.on_departure(2, Api::kListTask, now);
  number = 2;
  call(150, milliseconds(100), [&](Api, Mono at) { return take(all, 5, at); });
  EXPECT_EQ(quota.find(), std::nullopt) << "the first has not ended: those after it wait";
  quota.on_end(2, std::nullopt);
  EXPECT_EQ(quota.find(), 5u);
}

}  // namespace
}  // namespace taskwatchd
