// Checks that the planner meets its goals in the modelled world: docs/explanation/polling.md, which
// `make bench-polling` writes for all scenarios. Virtual time: no figure depends on the machine.
#include <gtest/gtest.h>

#include "bench/polling_scenarios.h"

namespace taskwatchd::plan {
namespace {

struct Goal {
  double bad_mean, bad_p99, all_mean;  // s, for list orders id and oldest
  double newest_bad, newest_all;
};

Result run(char scenario, Order order, const AccountConfig& account = full_quota(),
           const RunOptions& options = {}) {
  World world(scenario_jobs(scenario), {}, order, 1);
  return run_planner(world, account, options);
}

void expect_goal(char scenario, const Goal& goal) {
  for (const Order order : {Order::kId, Order::kOldest, Order::kNewest}) {
    SCOPED_TRACE(std::string(1, scenario) + " " + std::string(name(order)));
    Result result = run(scenario, order);
    const bool newest = order == Order::kNewest;
    EXPECT_EQ(result.unseen, 0u);
    EXPECT_EQ(result.ahead, 0u);
    EXPECT_LE(mean_of(result.delays.bad), newest ? goal.newest_bad : goal.bad_mean);
    EXPECT_LE(mean_of(result.delays.all), newest ? goal.newest_all : goal.all_mean);
    EXPECT_LE(quantile_of(result.delays.bad, 0.99), goal.bad_p99);
    EXPECT_LE(mean_of(result.delays.timed_out), 0.5);
  }
}

TEST(Polling, OneJobOfAThousand) {
  expect_goal('A', {0.35, 0.7, 1.5, 0.35, 0.3});
}
TEST(Polling, OneJobOfTenThousand) {
  expect_goal('B', {1.0, 2.5, 10, 0.35, 0.3});
}
TEST(Polling, TwentyJobsOneAfterTheOther) {
  expect_goal('D', {1.5, 7, 2.8, 1.5, 1.1});
}

TEST(Polling, TheDefaultPaceCostsLittle) {
  const double eager = mean_of(run('B', Order::kId).delays.bad);
  const double paced = mean_of(run('B', Order::kId, full_quota(Pace{})).delays.bad);
  EXPECT_LE(paced, eager + 0.6);
}

TEST(Polling, AnOrderThatChangesLosesNothing) {
  for (const char scenario : {'A', 'D'}) {
    const Result result = run(scenario, Order::kMixed);
    EXPECT_EQ(result.unseen, 0u) << scenario;
    EXPECT_EQ(result.ahead, 0u) << scenario;
  }
}

// Each run has 60 failures, and their mean differs by a tenth from seed to seed, so three runs are
// combined.
TEST(QueryTaskAlone, IsNotWorseThanRoundRobinInOneJob) {
  std::vector<double> bad, all, robin_bad, robin_all;
  for (const std::uint64_t seed : {1, 2, 3}) {
    World world(scenario_jobs('A'), {}, Order::kId, seed);
    const Result result = run_planner(world, full_quota(), query_task_alone());
    const Result robin = run_round_robin(world, kQuota, kQuota, {});
    EXPECT_EQ(result.unseen + result.ahead, 0u);
    const auto add = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    add(bad, result.delays.bad);
    add(all, result.delays.all);
    add(robin_bad, robin.delays.bad);
    add(robin_all, robin.delays.all);
  }
  EXPECT_LE(mean_of(bad), 1.05 * mean_of(robin_bad));
  EXPECT_LE(mean_of(all), 1.05 * mean_of(robin_all));
}

TEST(QueryTaskAlone, KnowsWhichJobsHaveNotBegun) {
  World world(scenario_jobs('D'), {}, Order::kId, 1);
  RunOptions options = query_task_alone();
  options.until = 20'000'000;  // later, only tasks on long-offline devices are left
  const Result result = run_planner(world, full_quota(), options);
  const Result robin = run_round_robin(world, kQuota, kQuota, options);
  EXPECT_LT(result.unseen, 20u) << "ends of the last minutes";
  EXPECT_LE(2.5 * mean_of(result.delays.bad), mean_of(robin.delays.bad));
  EXPECT_LE(2.5 * mean_of(result.delays.all), mean_of(robin.delays.all));
}

}  // namespace
}  // namespace taskwatchd::plan
