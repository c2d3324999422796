// Faults of the modelled platform occur as often as requested, and in the same way for the same
// seed.
#include "plan/faults.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "account/budget.h"
#include "bench/polling_scenarios.h"
#include "plan/flights.h"
#include "plan/platform.h"

namespace taskwatchd::plan {
namespace {

using std::chrono::milliseconds;
constexpr Wall kEpoch{};
const std::map<Api, double> kFive = full_quota().quota;

bool passes(Gateway& gateway, Api api, int at_ms) {
  return !gateway.arrive(api, milliseconds(at_ms));
}

TEST(SlidingQuota, AllowsFiveInAnySecondAndARefusedCallTakesNoPlace) {
  Gateway gateway({}, kFive, 1);
  for (const int at : {0, 100, 200, 300, 400}) EXPECT_TRUE(passes(gateway, Api::kListTask, at));
  for (const int at : {500, 700, 999}) EXPECT_FALSE(passes(gateway, Api::kListTask, at));
  EXPECT_TRUE(passes(gateway, Api::kQueryTask, 999)) << "another API has its own";
  EXPECT_TRUE(passes(gateway, Api::kListTask, 1000)) << "the first is a second old";
  EXPECT_FALSE(passes(gateway, Api::kListTask, 1050));
  EXPECT_TRUE(passes(gateway, Api::kListTask, 1100));
  EXPECT_EQ(gateway.ours().calls, 12u);
  EXPECT_EQ(gateway.ours().refused, 4u);
  EXPECT_EQ(gateway.ours().failed, 0u);
  EXPECT_EQ(gateway.most_in_a_second(), 9u) << "of one API, refused ones too";
}

TEST(SlidingQuota, EvenCallsAtTheRatePass) {
  for (const double rate : {0.5, 3.0, 5.0}) {
    Gateway gateway({}, {{Api::kQueryTask, rate}}, 1);
    for (int i = 0; i < 1000; ++i) gateway.arrive(Api::kQueryTask, from_seconds(i / rate));
    EXPECT_EQ(gateway.ours().refused, 0u) << rate;
    EXPECT_LE(gateway.most_in_a_second(), std::max<std::size_t>(1, std::size_t(rate)) + 1);
  }
}

TEST(SlidingQuota, TheFaultsMayAllowLessThanIsConfigured) {
  Faults faults;
  faults.quota = 2;
  Gateway gateway(faults, kFive, 1);
  for (const int at : {0, 300}) EXPECT_TRUE(passes(gateway, Api::kListTask, at));
  EXPECT_FALSE(passes(gateway, Api::kListTask, 600));
}

TEST(SlidingQuota, OneBudgetIsOfAllApisTogether) {
  Faults faults;
  faults.shared_quota = 5;
  Gateway gateway(faults, kFive, 1);
  for (const int at : {0, 100, 200}) EXPECT_TRUE(passes(gateway, Api::kListTask, at));
  for (const int at : {300, 400}) EXPECT_TRUE(passes(gateway, Api::kQueryTask, at));
  EXPECT_FALSE(passes(gateway, Api::kQueryJob, 500));
  EXPECT_TRUE(passes(gateway, Api::kQueryJob, 1000));
}

std::map<Reason, double> failures(Faults faults, std::uint64_t seed = 1) {
  constexpr int kCalls = 30'000;
  Gateway gateway(faults, {}, seed);
  std::map<Reason, double> share;
  for (int i = 0; i < kCalls; ++i) {
    if (const auto failure = gateway.arrive(Api::kListTask, std::chrono::seconds(i))) {
      share[failure->reason] += 1.0 / kCalls;
    }
  }
  return share;
}

TEST(FailingCalls, AreAsManyAsRequested) {
  Faults faults;
  EXPECT_TRUE(failures(faults).empty());
  faults.failing_calls = 0.02;
  const auto plain = failures(faults);
  ASSERT_EQ(plain.size(), 1u);
  EXPECT_NEAR(plain.at(Reason::kServerError), 0.02, 0.003);
  faults.failing_calls = 0.3;
  faults.mixed = true;
  const auto mixed = failures(faults);
  ASSERT_EQ(mixed.size(), 3u);
  for (const Reason reason : {Reason::kServerError, Reason::kTimeout, Reason::kThrottled}) {
    EXPECT_NEAR(mixed.at(reason), 0.1, 0.01) << name(reason);
  }
  EXPECT_EQ(failures(faults), mixed) << "the same seed";
  EXPECT_NE(failures(faults, 2), mixed);
}

TEST(FailingCalls, UseTheQuotaAsGoodOnesDo) {
  Faults faults;
  faults.failing_calls = 1;
  Gateway gateway(faults, kFive, 1);
  for (int i = 0; i < 6; ++i) gateway.arrive(Api::kListTask, milliseconds(i));
  EXPECT_EQ(gateway.ours().failed, 5u);
  EXPECT_EQ(gateway.ours().refused, 1u);
}

TEST(OtherPrograms, CallEvenlyAndAreRefusedAsWell) {
  Faults faults;
  faults.other_calls = 3;
  Gateway alone(faults, kFive, 1), parallel(faults, kFive, 1);
  constexpr int kSeconds = 1000;
  alone.arrive(Api::kListTask, std::chrono::seconds(kSeconds));
  EXPECT_NEAR(static_cast<double>(alone.others().calls), 5.0 * 3 * kSeconds, 5);
  EXPECT_EQ(alone.others().refused, 0u);
  // Their 3/s and our 4.9/s exceed 5/s: 2.9/s are throttled, on both sides together.
  for (int at = 0; at < kSeconds * 1000; at += 205) {
    parallel.arrive(Api::kListTask, milliseconds(at));
  }
  const double refused = static_cast<double>(parallel.ours().refused + parallel.others().refused);
  EXPECT_NEAR(refused / kSeconds, 2.9, 0.15);
  EXPECT_GT(parallel.ours().refused, 0u);
  EXPECT_GT(parallel.others().refused, 0u);
}

class FaultyPlatform : public testing::Test {
 protected:
  static Call listing(const std::string& token = "") {
    Call call;
    call.api = Api::kListTask;
    call.job_id = "modelJob00000";
    call.token = token;
    return call;
  }
  Platform platform(const Faults& faults) { return Platform(world_, {}, faults, {}, kEpoch); }
  static const TaskPage& page_of(const Outcome& outcome) { return std::get<TaskPage>(outcome); }
  static std::string code_of(const Outcome& outcome) {
    const auto* failure = std::get_if<Failure>(&outcome);
    return failure == nullptr ? "" : failure->code;
  }

  World world_{{{500, 500, 0}}, {}, Order::kId, 1};
};

TEST_F(FaultyPlatform, StatisticsShowHowThingsStood) {
  Faults faults;
  faults.statistics_lag = std::chrono::seconds(5);
  Platform late = platform(faults), exact = platform({});
  Call call;
  call.api = Api::kQueryJobStatistics;
  call.job_id = "modelJob00000";
  const auto counts = [&](Platform& of, int at_s) {
    return std::get<JobStatistics>(of.answer(call, std::chrono::seconds(at_s))).tasks;
  };
  EXPECT_EQ(counts(late, 3), counts(exact, 0));
  EXPECT_EQ(counts(late, 65), counts(exact, 60));
  EXPECT_NE(counts(late, 65), counts(exact, 65)) << "tasks were sent meanwhile";
}

TEST_F(FaultyPlatform, AScanByTokensSeesTheWholeList) {
  Platform whole = platform({});
  std::size_t rows = 0;
  std::string token;
  for (int i = 0; i < 10; ++i) {
    const Outcome outcome = whole.answer(listing(token), std::chrono::seconds(i));
    rows += page_of(outcome).tasks.size();
    token = page_of(outcome).next_token;
  }
  EXPECT_TRUE(token.empty());
  EXPECT_EQ(rows, 500u);
}

TEST_F(FaultyPlatform, ATokenLivesSoLongFromWhenItWasGivenOut) {
  Faults faults;
  faults.token_life = std::chrono::minutes(1);
  Platform one = platform(faults);
  const std::string token = page_of(one.answer(listing(), Duration{})).next_token;
  EXPECT_EQ(code_of(one.answer(listing(token), std::chrono::seconds(60))), "");
  EXPECT_EQ(code_of(one.answer(listing(token), std::chrono::seconds(61))),
            "iot.job.NextTokenExpired");
}

TEST_F(FaultyPlatform, ATokenOfSingleUseIsRefusedTheSecondTime) {
  Faults faults;
  faults.single_use_tokens = true;
  Platform one = platform(faults);
  const std::string token = page_of(one.answer(listing(), Duration{})).next_token;
  const std::string again = page_of(one.answer(listing(), Duration{})).next_token;
  EXPECT_EQ(code_of(one.answer(listing(token), Duration{})), "");
  EXPECT_EQ(code_of(one.answer(listing(token), Duration{})), "iot.job.InvalidNextToken");
  EXPECT_EQ(code_of(one.answer(listing(again), Duration{})), "") << "of the same place";
}

// Throttled and 503 calls do not read the list. A timed-out call does, but its list page is lost.
TEST_F(FaultyPlatform, OnlyAnAnsweredCallUsesUpItsToken) {
  for (const bool mixed : {false, true}) {
    Faults faults;
    faults.single_use_tokens = true;
    faults.failing_calls = 0.9;
    faults.mixed = mixed;
    Platform one = platform(faults);
    std::map<Reason, int> before;  // failures with this token, by reason
    std::string token;
    for (int i = 0; i < 2000; ++i) {
      const Outcome outcome = one.answer(listing(token), Duration(i));
      const auto* failure = std::get_if<Failure>(&outcome);
      if (failure == nullptr) {
        token = page_of(outcome).next_token;
        EXPECT_EQ(before[Reason::kTimeout], 0);
        before.clear();
      } else if (failure->reason == Reason::kBadRequest) {
        EXPECT_GT(before[Reason::kTimeout], 0);
        token.clear();
        before.clear();
      } else if (!token.empty()) {
        ++before[failure->reason];
      }
    }
  }
}

TEST_F(FaultyPlatform, RefusesAsManyTokensAsRequested) {
  Faults faults;
  faults.refused_tokens = 0.1;
  Platform one = platform(faults);
  const std::string token = page_of(one.answer(listing(), Duration{})).next_token;
  int refused = 0;
  for (int i = 0; i < 10'000; ++i) {
    refused += code_of(one.answer(listing(token), Duration{})).empty() ? 0 : 1;
    EXPECT_EQ(code_of(one.answer(listing(), Duration{})), "");
  }
  EXPECT_NEAR(refused, 1000, 100);
}

TEST_F(FaultyPlatform, CallsOvertakeOneAnotherWhereTheWayVaries) {
  constexpr Duration kJitter = milliseconds(10), kTrip = milliseconds(60);
  constexpr int kCalls = 2000;
  Platform one = platform({});
  Flights steady(one, kTrip, {}, 1), varying(one, kTrip, kJitter, 1);
  for (Flights* const flights : {&steady, &varying}) {
    std::vector<std::uint32_t> order;
    std::vector<double> longer;
    for (int i = 0; i < kCalls; ++i) {
      Call call = listing();
      call.page = static_cast<std::uint32_t>(i);
      flights->send(call, milliseconds(5 * i));
    }
    EXPECT_EQ(flights->in_flight(), std::size_t{kCalls});
    const Duration end = std::chrono::hours(1);
    for (Duration at{}; (at = flights->next_answer(end)) < end;) {
      const auto answer = flights->take(at);
      ASSERT_TRUE(answer);
      order.push_back(answer->call.page);
      longer.push_back(seconds(answer->took - kTrip));
    }
    EXPECT_EQ(order.size(), std::size_t{kCalls});
    EXPECT_EQ(std::is_sorted(order.begin(), order.end()), flights == &steady);
    // Two ways of |normal| with a median of 10 ms each take 23.65 ms together on average.
    EXPECT_NEAR(mean_of(longer), flights == &steady ? 0 : 0.02365, 0.001);
  }
}

TEST_F(FaultyPlatform, ATimeOutTakesTenSeconds) {
  Faults faults;
  faults.failing_calls = 1;
  faults.mixed = true;
  Platform one = platform(faults);
  Flights flights(one, milliseconds(60), {}, 1);
  for (int i = 0; i < 50; ++i) flights.send(listing(), milliseconds(i));
  const Duration end = std::chrono::hours(1);
  std::map<Reason, int> seen;
  for (Duration at{}; (at = flights.next_answer(end)) < end;) {
    const auto answer = flights.take(at);
    const Reason reason = std::get<Failure>(answer->outcome).reason;
    ++seen[reason];
    EXPECT_EQ(answer->took,
              reason == Reason::kTimeout ? Duration(std::chrono::seconds(10)) : milliseconds(60));
  }
  EXPECT_EQ(seen.size(), 3u);
}

Result run(const Faults& faults, const RunOptions& others = {}, Order order = Order::kId) {
  RunOptions options = others;
  options.faults = faults;
  World world(scenario_jobs('A'), {}, order, 1);
  return run_planner(world, full_quota(), options);
}

TEST(FaultyRun, CountsWhatThePlatformCounted) {
  const Result clean = run({});
  std::uint64_t calls = 0;
  for (const auto& [api, n] : clean.calls) calls += n;
  ASSERT_GE(calls, clean.ours.calls);
  EXPECT_LE(calls - clean.ours.calls, 10u) << "under way when the run ended";
  EXPECT_EQ(clean.ours.refused + clean.ours.failed + clean.others.calls, 0u);
  EXPECT_EQ(clean.most_in_a_second, 5u);
  Faults faults;
  faults.failing_calls = 0.05;
  const Result failing = run(faults), same = run(faults);
  EXPECT_NEAR(static_cast<double>(failing.ours.failed) / static_cast<double>(failing.ours.calls),
              0.05, 0.01);
  EXPECT_EQ(failing.delays.all, same.delays.all);
  EXPECT_GT(mean_of(failing.delays.bad), mean_of(clean.delays.bad));
}

// The number of calls of one API in flight at the same time is limited (account/budget.h).
TEST(FaultyRun, SlowRepliesBoundTheCallsUnderWay) {
  RunOptions options;
  options.rtt = std::chrono::minutes(1);
  options.until = 10 * 60'000;
  const Result result = run({}, options);
  std::uint64_t calls = 0;
  for (const auto& [api, n] : result.calls) {
    calls += n;
    EXPECT_LE(n, Budget::kMaxUnderWay * 10) << name(api);
  }
  EXPECT_GT(calls, Budget::kMaxUnderWay * 5);
}

TEST(FaultyRun, RoundRobinMeetsTheSameFailures) {
  const World world(scenario_jobs('A'), {}, Order::kId, 1);
  RunOptions options;
  const double clean = mean_of(run_round_robin(world, kQuota, kQuota, options).delays.all);
  options.faults.failing_calls = 0.5;
  const double failing = mean_of(run_round_robin(world, kQuota, kQuota, options).delays.all);
  EXPECT_GT(failing, 1.5 * clean);
}

}  // namespace
}  // namespace taskwatchd::plan
