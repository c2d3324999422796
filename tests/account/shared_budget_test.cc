// A common quota that is not configured: detected, kept for ten minutes, then confirmed or dropped.
#include "account/shared_budget.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::array kCalled = {Api::kQueryJobStatistics, Api::kListTask, Api::kQueryTask};

class SharedBudgetTest : public testing::Test {
 protected:
  // Sends up to `calls` calls, on average 100 ms apart. Returns how many were throttled before a
  // limit was detected; nullopt if none was.
  std::optional<int> throttled_until_found(std::size_t limit, int calls) {
    int throttled = 0;
    for (int i = 0; i < calls; ++i) {
      now.mono += milliseconds(1 + random() % 200);
      const Api api = kCalled[random() % kCalled.size()];
      budget.on_sent(call_of(api), now.mono);
      budget.on_departure(number, api, now.mono);
      const bool taken = take(limit);
      budget.on_end(number, !taken);
      throttled += taken ? 0 : 1;
      if (!taken && budget.detect_limit(now.mono)) return throttled;
    }
    return std::nullopt;
  }
  Call call_of(Api api, double weight = 1) {
    Call call;
    call.api = api;
    call.number = ++number;
    call.weight = weight;
    return call;
  }
  bool take(std::size_t limit) {
    while (!log.empty() && now.mono - log.front() >= std::chrono::seconds(1)) log.pop_front();
    if (log.size() >= limit) return false;
    log.push_back(now.mono);
    return true;
  }

  std::mt19937_64 random{3};
  Now now{Mono(std::chrono::hours(1)), Wall(std::chrono::hours(400'000))};
  SharedBudget budget;
  std::uint64_t number = 0;
  std::deque<Mono> log;
};

TEST_F(SharedBudgetTest, ACallOfTwiceTheWeightLeavesItsApiTwiceTheTurns) {
  budget.configure(5, 1, now);
  const auto statistics_of_300 = [&](double weight) {
    int statistics = 0;
    for (int i = 0; i < 300; ++i) {
      const bool first =
          budget.turn_of(Api::kQueryJobStatistics, false) < budget.turn_of(Api::kListTask, false);
      const Api api = first ? Api::kQueryJobStatistics : Api::kListTask;
      const Call call = call_of(api, first ? weight : 1);
      budget.on_sent(call, now.mono);
      budget.on_departure(call.number, api, now.mono);
      budget.on_end(call.number, false);
      statistics += first ? 1 : 0;
    }
    return statistics;
  };
  EXPECT_NEAR(statistics_of_300(1), 300 * 2 / 4.5, 3);
  EXPECT_NEAR(statistics_of_300(2), 300 * 4 / 6.5, 3);
}

TEST_F(SharedBudgetTest, AFoundLimitSpacesTheCallsAndIsConfirmedEachTenMinutes) {
  budget.configure(0, 1, now);
  ASSERT_FALSE(budget.in_use());
  ASSERT_TRUE(throttled_until_found(5, 200));
  ASSERT_TRUE(budget.in_use());
  EXPECT_GE(budget.next(), now.mono + milliseconds(200));
  budget.configure(0, 1, now);  // a reload
  EXPECT_TRUE(budget.in_use());
  now.mono += minutes(10);
  budget.review(now.mono);
  ASSERT_FALSE(budget.in_use());
  EXPECT_EQ(throttled_until_found(5, 200), 3) << "few throttled calls confirm it";
}

TEST_F(SharedBudgetTest, ALimitThatIsGoneIsForgotten) {
  budget.configure(0, 1, now);
  ASSERT_TRUE(throttled_until_found(5, 200));
  now.mono += minutes(10);
  budget.review(now.mono);
  EXPECT_EQ(throttled_until_found(1'000, 500), std::nullopt);
  const auto throttled = throttled_until_found(8, 300);
  ASSERT_TRUE(throttled) << "another";
  EXPECT_GE(*throttled, 8) << "searched from the start";
  EXPECT_LT(budget.next(), now.mono + milliseconds(200));
}

// When the limit is dropped, the window is full of spaced calls. Later throttling confirms the
// known limit quickly.
TEST_F(SharedBudgetTest, CallsFromBeforeAReviewCount) {
  budget.configure(0, 1, now);
  ASSERT_TRUE(throttled_until_found(5, 200));
  const Mono until = now.mono + minutes(10);
  while (now.mono < until) {
    now.mono = std::max(now.mono + milliseconds(1), budget.next());
    budget.on_sent(call_of(Api::kListTask), now.mono);
    budget.on_departure(number, Api::kListTask, now.mono);
    const bool taken = take(5);
    budget.on_end(number, !taken);
    taken ? budget.on_accepted(now.mono, now.mono) : budget.on_throttled(now.mono, now.mono);
  }
  budget.review(now.mono);
  const auto throttled = throttled_until_found(5, 200);
  ASSERT_TRUE(throttled);
  EXPECT_EQ(*throttled, 3);
}

TEST_F(SharedBudgetTest, CallsOfBeforeALimitWasFoundDoNotReduceIt) {
  budget.configure(0, 1, now);
  ASSERT_TRUE(throttled_until_found(5, 200));
  for (int i = 0; i < 3; ++i) budget.on_throttled(now.mono, now.mono + milliseconds(200));
  EXPECT_LT(budget.next(), now.mono + milliseconds(210));
}

TEST_F(SharedBudgetTest, ALimitThatRoseByOneIsFound) {
  budget.configure(0, 1, now);
  ASSERT_TRUE(throttled_until_found(5, 200));
  now.mono += minutes(10);
  budget.review(now.mono);
  const auto throttled = throttled_until_found(6, 500);
  ASSERT_TRUE(throttled);
  EXPECT_GE(*throttled, 8);
  EXPECT_LT(budget.next(), now.mono + milliseconds(190));
}

TEST_F(SharedBudgetTest, WhereTheLimitIsFoundAnInstanceThatDoesNotAnswerHoldsUpNoOther) {
  budget.configure(0, 1, now);
  ASSERT_TRUE(throttled_until_found(5, 200));
  now.mono += std::chrono::seconds(1);
  budget.on_sent(call_of(Api::kListTask), now.mono);
  EXPECT_EQ(budget.next(), now.mono + milliseconds(300));
  budget.configure(5, 1, now);
  EXPECT_EQ(budget.next(), Mono::max()) << "a named one is kept strictly";
}

TEST_F(SharedBudgetTest, ANamedLimitIsNeverReviewed) {
  budget.configure(0, 1, now);
  ASSERT_TRUE(throttled_until_found(5, 200));
  budget.configure(8, 1, now);
  now.mono += minutes(60);
  budget.review(now.mono);
  EXPECT_TRUE(budget.in_use());
  budget.configure(0, 1, now);
  EXPECT_FALSE(budget.in_use()) << "what was found before is not remembered";
}

}  // namespace
}  // namespace taskwatchd
