// The planner beside its goals, round robin of QueryTask, a sweep of ListTask and an oracle, in one
// modelled world each: a Markdown table on stdout, progress on stderr. Flags: --scenarios=ABCDEF,
// --orders=id,oldest,newest as first letters "ion", --seeds=3 (A to D), --big-seeds=1 (E, F),
// --alone=1 (QueryTask alone in A and D; 0: not). Ends with 2 if a goal is not kept.
#include "bench/polling_scenarios.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

namespace taskwatchd::plan {
namespace {

struct Goal {
  const char* what;
  double bad_mean, bad_p99, all_mean;  // s, the worse of pages by id and oldest first
  double newest_bad, newest_all;
};
const std::map<char, Goal> kGoals = {
    {'A', {"1,000 tasks in 1 job, 100/min", 0.35, 0.7, 1.5, 0.35, 0.3}},
    {'B', {"10,000 in 1 job, 200/min", 1.0, 2.5, 10, 0.35, 0.3}},
    {'C', {"10,000 in 1 job, 1000/min", 0.9, 2.5, 12, 0.35, 0.3}},
    {'D', {"10,000 in 20 jobs, 50/min each, begun over 1 h", 1.5, 7, 2.8, 1.5, 1.1}},
    {'E', {"100,000 in 1 job, 1000/min", 10, 80, 290, 0.4, 0.3}},
    {'F', {"100,000 in 100 jobs, 100/min each, begun over 4 h", 3.3, 19, 25, 3.2, 2.3}}};
constexpr double kTimedOutGoal = 0.5;  // mean
constexpr double kAloneWorse = 1.05;   // of round robin, in A
constexpr double kAloneBetter = 2.5;   // times, in D

struct Flags {
  std::string scenarios = "ABCDEF", orders = "ion";
  int seeds = 3, big_seeds = 1;
  bool alone = true;
};

bool take(const std::string& flag, const std::string& name, std::string& value) {
  if (!flag.starts_with(name + "=")) return false;
  value = flag.substr(name.size() + 1);
  return true;
}

Flags flags_of(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    std::string value;
    if (take(argv[i], "--scenarios", flags.scenarios) || take(argv[i], "--orders", flags.orders)) {
      continue;
    }
    if (take(argv[i], "--seeds", value)) {
      flags.seeds = std::atoi(value.c_str());
    } else if (take(argv[i], "--big-seeds", value)) {
      flags.big_seeds = std::atoi(value.c_str());
    } else if (take(argv[i], "--alone", value)) {
      flags.alone = value != "0";
    } else {
      fmt::print(stderr, "bench_polling: unknown flag {}\n", argv[i]);
      std::exit(78);
    }
  }
  for (const char scenario : flags.scenarios) {
    if (!kGoals.contains(scenario)) {
      fmt::print(stderr, "bench_polling: there is no scenario {}\n", scenario);
      std::exit(78);
    }
  }
  return flags;
}

Order order_of(char letter) {
  return letter == 'o' ? Order::kOldest : letter == 'n' ? Order::kNewest : Order::kId;
}

// Delays of several seeds together.
struct Sum {
  Delays delays;
  std::size_t lost = 0;  // ends that no reply showed

  void add(const Result& result) {
    const auto append = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    append(delays.bad, result.delays.bad);
    append(delays.all, result.delays.all);
    append(delays.timed_out, result.delays.timed_out);
    lost += result.unseen;
  }
};

bool g_kept = true;

std::string number(double value) {
  return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

// A figure beside its goal.
std::string held(double value, double goal) {
  const bool kept = value <= goal;
  g_kept = g_kept && kept;
  return fmt::format("{} ({}{:.4g})", number(value), kept ? "" : "**not** ", goal);
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

void run_scenario(char scenario, const Flags& flags) {
  const Goal& goal = kGoals.at(scenario);
  const bool big = scenario == 'E' || scenario == 'F';
  const int seeds = big ? flags.big_seeds : flags.seeds;
  Sum robin, sweep, oracle;
  for (const char letter : flags.orders) {
    Sum sum;
    for (int seed = 1; seed <= seeds; ++seed) {
      fmt::print(stderr, "{} by {}, seed {}\n", scenario, name(order_of(letter)), seed);
      World world(scenario_jobs(scenario), {}, order_of(letter), static_cast<std::uint64_t>(seed));
      sum.add(run_planner(world, full_quota(), {}));
      if (letter != flags.orders.front()) continue;
      robin.add(run_round_robin(world, kQuota, {}));
      sweep.add(run_sweep(world, kQuota, {}));
      oracle.add(run_oracle(world, kQuota, {}));
    }
    const bool newest = letter == 'n';
    g_kept = g_kept && sum.lost == 0;
    row(scenario, fmt::format("planner, pages by {}", name(order_of(letter))), sum,
        held(mean_of(sum.delays.bad), newest ? goal.newest_bad : goal.bad_mean),
        held(quantile_of(sum.delays.bad, 0.99), goal.bad_p99),
        held(mean_of(sum.delays.all), newest ? goal.newest_all : goal.all_mean),
        held(mean_of(sum.delays.timed_out), kTimedOutGoal));
    std::fflush(stdout);
  }
  plain_row(scenario, "round robin of QueryTask", robin);
  plain_row(scenario, "sweep of ListTask", sweep);
  plain_row(scenario, "oracle", oracle);
}

void run_alone(char scenario, int seeds) {
  Sum alone, robin;
  for (int seed = 1; seed <= seeds; ++seed) {
    fmt::print(stderr, "{} by QueryTask alone, seed {}\n", scenario, seed);
    World world(scenario_jobs(scenario), {}, Order::kId, static_cast<std::uint64_t>(seed));
    alone.add(run_planner(world, full_quota(), query_task_alone()));
    robin.add(run_round_robin(world, kQuota, {}));
  }
  const double factor = scenario == 'A' ? kAloneWorse : 1 / kAloneBetter;
  g_kept = g_kept && alone.lost == 0;
  row(scenario, "QueryTask alone", alone,
      held(mean_of(alone.delays.bad), factor * mean_of(robin.delays.bad)),
      number(quantile_of(alone.delays.bad, 0.99)),
      held(mean_of(alone.delays.all), factor * mean_of(robin.delays.all)),
      number(mean_of(alone.delays.timed_out)));
  plain_row(scenario, "round robin, the same seeds", robin);
}

}  // namespace
}  // namespace taskwatchd::plan

int main(int argc, char** argv) {
  using namespace taskwatchd::plan;
  const Flags flags = flags_of(argc, argv);
  for (const char scenario : flags.scenarios) {
    fmt::print("- {}: {}\n", scenario, kGoals.at(scenario).what);
  }
  fmt::print(
      "\nSeconds from an end to the reply that shows it; goals in brackets. {} seeds together in A "
      "to D, {} in E and F.\n\n"
      "| | | bad mean | p50 | p99 | all mean | TIMED_OUT mean | lost |\n"
      "| --- | --- | --: | --: | --: | --: | --: | --: |\n",
      flags.seeds, flags.big_seeds);
  for (const char scenario : flags.scenarios) run_scenario(scenario, flags);
  for (const char scenario : {'A', 'D'}) {
    const bool wanted = flags.scenarios.find(scenario) != std::string::npos;
    if (flags.alone && wanted) run_alone(scenario, scenario == 'A' ? 2 * flags.seeds : 1);
  }
  fmt::print("\n{}\n", g_kept ? "All goals are kept." : "**Not all goals are kept.**");
  return g_kept ? 0 : 2;
}
