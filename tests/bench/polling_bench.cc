// Compares the planner with its goals, with round robin over QueryTask, with a sweep of ListTask
// and with an oracle, each in the same modelled worlds. Prints a Markdown table to stdout and
// progress to stderr. Flags: --scenarios=ABCDEF, --orders=ion (the first letters of id, oldest,
// newest), --seeds=3 (A to D), --big-seeds=1 (E, F), --alone=1 (QueryTask alone in A and D; 0:
// skip), --rtt=60ms (round trip), --threads=0 (parallel runs; 0: one per CPU core). Faults of the
// modelled platform: --failing-calls=2%, --mixed (5xx, time-outs and throttling instead of 503
// only), --other-calls=3, --quota=5, --shared-quota[=5], --statistics-lag=5s, --refused-tokens=5%,
// --single-use-tokens, --token-life=1m, --failing-tasks=30%, --jitter=10ms. --set=faults prints the
// table of fault cases, which have their own faults and goals (--rows=TEXT: only cases whose name
// contains TEXT). Exits with 2 if a goal is not met.
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "bench/polling_faults.h"
#include "bench/polling_flags.h"
#include "bench/polling_runs.h"

namespace taskwatchd::plan {
namespace {

struct Goal {
  const char* what;
  double bad_mean, bad_p99, all_mean;  // s; the worse of list orders id and oldest
  double newest_bad, newest_all;
};
const std::map<char, Goal> kGoals = {
    {'A', {"1,000 tasks in 1 job, 100/min", 0.35, 0.7, 1.5, 0.35, 0.3}},
    {'B', {"10,000 in 1 job, 200/min", 1.0, 2.5, 10, 0.35, 0.3}},
    {'C', {"10,000 in 1 job, 1000/min", 0.9, 2.5, 12, 0.35, 0.3}},
    {'D', {"10,000 in 20 jobs, 50/min each, started over 1 h", 1.5, 7, 2.8, 1.5, 1.1}},
    {'E', {"100,000 in 1 job, 1000/min", 10, 80, 290, 0.4, 0.3}},
    {'F', {"100,000 in 100 jobs, 100/min each, started over 4 h", 3.3, 19, 25, 3.2, 2.3}}};
constexpr double kTimedOutGoal = 0.5;  // s, mean
constexpr double kAloneWorse = 1.05;   // times the result of round robin, in A
constexpr double kAloneBetter = 2.5;   // times better than round robin, in D

bool g_kept = true;

std::string against(double value, double goal) {
  return held(value, goal, g_kept);
}

void row(char scenario, const std::string& what, Sum& sum, const std::string& bad,
         const std::string& p99, const std::string& all, const std::string& timed_out) {
  fmt::print("| {} | {} | {} | {} | {} | {} | {} | {} |\n", scenario, what, bad,
             number(quantile_of(sum.delays.bad, 0.5)), p99, all, timed_out, sum.lost);
}

void plain_row(char scenario, const std::string& what, Sum& sum) {
  row(scenario, what, sum, number(mean_of(sum.delays.bad)),
      number(quantile_of(sum.delays.bad, 0.99)), number(mean_of(sum.delays.all)),
      number(mean_of(sum.delays.timed_out)));
}

// The runs started for one scenario. They are printed in the order of the scenarios.
struct Started {
  std::vector<std::shared_future<Sum>> planner;  // by flags.orders
  std::shared_future<Sum> robin, sweep, oracle;
};

Started start(char scenario, const BenchFlags& flags, Runs& runs) {
  const bool big = scenario == 'E' || scenario == 'F';
  const int seeds = big ? flags.big_seeds : flags.seeds;
  const RunOptions& how = flags.run;
  Started all;
  for (const char letter : flags.orders) {
    all.planner.push_back(
        runs.start(scenario, flags.life, order_of(letter), seeds,
                   [how](World& world) { return run_planner(world, full_quota(), how); }));
  }
  const Order first = order_of(flags.orders.front());
  all.robin = runs.start(scenario, flags.life, first, seeds, [how](World& world) {
    return run_round_robin(world, kQuota, kQuota, how);
  });
  all.sweep = runs.start(scenario, flags.life, first, seeds,
                         [how](World& world) { return run_sweep(world, kQuota, how); });
  all.oracle = runs.start(scenario, flags.life, first, seeds,
                          [how](World& world) { return run_oracle(world, kQuota, how); });
  return all;
}

void print(char scenario, const BenchFlags& flags, const Started& all) {
  const Goal& goal = kGoals.at(scenario);
  for (std::size_t i = 0; i < flags.orders.size(); ++i) {
    const char letter = flags.orders[i];
    Sum sum = all.planner[i].get();
    const bool newest = letter == 'n';
    g_kept = g_kept && sum.lost == 0;
    row(scenario, fmt::format("planner, pages by {}", name(order_of(letter))), sum,
        against(mean_of(sum.delays.bad), newest ? goal.newest_bad : goal.bad_mean),
        against(quantile_of(sum.delays.bad, 0.99), goal.bad_p99),
        against(mean_of(sum.delays.all), newest ? goal.newest_all : goal.all_mean),
        against(mean_of(sum.delays.timed_out), kTimedOutGoal));
    std::fflush(stdout);
  }
  Sum robin = all.robin.get(), sweep = all.sweep.get(), oracle = all.oracle.get();
  plain_row(scenario, "round robin of QueryTask", robin);
  plain_row(scenario, "sweep of ListTask", sweep);
  plain_row(scenario, "oracle", oracle);
  fmt::print(stderr, "{} is done\n", scenario);
}

void print_alone(char scenario, Sum alone, Sum robin) {
  const double factor = scenario == 'A' ? kAloneWorse : 1 / kAloneBetter;
  g_kept = g_kept && alone.lost == 0;
  row(scenario, "QueryTask alone", alone,
      against(mean_of(alone.delays.bad), factor * mean_of(robin.delays.bad)),
      number(quantile_of(alone.delays.bad, 0.99)),
      against(mean_of(alone.delays.all), factor * mean_of(robin.delays.all)),
      number(mean_of(alone.delays.timed_out)));
  plain_row(scenario, "round robin, the same seeds", robin);
}

void run(const BenchFlags& flags) {
  Runs runs(flags.threads);
  std::map<char, Started> started;
  // The longest runs start first, so that no long run is left alone at the end.
  for (const char scenario : {'F', 'E', 'D', 'C', 'B', 'A'}) {
    if (flags.scenarios.find(scenario) == std::string::npos) continue;
    started.emplace(scenario, start(scenario, flags, runs));
  }
  std::map<char, std::pair<std::shared_future<Sum>, std::shared_future<Sum>>> alone;
  for (const char scenario : {'A', 'D'}) {
    if (!flags.alone || !started.contains(scenario)) continue;
    const int seeds = scenario == 'A' ? 2 * flags.seeds : 1;
    RunOptions how = query_task_alone();
    how.rtt = flags.run.rtt;
    how.faults = flags.run.faults;
    alone[scenario] = {
        runs.start(scenario, flags.life, Order::kId, seeds,
                   [how](World& world) { return run_planner(world, full_quota(), how); }),
        runs.start(scenario, flags.life, Order::kId, seeds,
                   [how](World& world) { return run_round_robin(world, kQuota, kQuota, how); })};
  }
  for (const char scenario : flags.scenarios) print(scenario, flags, started.at(scenario));
  for (const auto& [scenario, sums] : alone) {
    print_alone(scenario, sums.first.get(), sums.second.get());
  }
}

int end(bool kept) {
  fmt::print("\n{}\n", kept ? "All goals are met." : "**Not all goals are met.**");
  return kept ? 0 : 2;
}

}  // namespace
}  // namespace taskwatchd::plan

int main(int argc, char** argv) {
  using namespace taskwatchd::plan;
  const BenchFlags flags = bench_flags_of(argc, argv);
  if (flags.set == "faults") {
    return end(print_faults(flags));
  }
  for (const char scenario : flags.scenarios) {
    fmt::print("- {}: {}\n", scenario, kGoals.at(scenario).what);
  }
  fmt::print(
      "\nSeconds from a completion to the response that shows it; goals in brackets. {} seeds "
      "together in A to D, {} in E and F.\n\n"
      "| | | bad mean | p50 | p99 | all mean | TIMED_OUT mean | lost |\n"
      "| --- | --- | --: | --: | --: | --: | --: | --: |\n",
      flags.seeds, flags.big_seeds);
  run(flags);
  return end(g_kept);
}
