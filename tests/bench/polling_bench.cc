// The planner beside its goals, round robin of QueryTask, a sweep of ListTask and an oracle, in one
// modelled world each: a Markdown table on stdout, progress on stderr. Flags: --scenarios=ABCDEF,
// --orders=id,oldest,newest as first letters "ion", --seeds=3 (A to D), --big-seeds=1 (E, F),
// --alone=1 (QueryTask alone in A and D; 0: not), --rtt=60ms (a round trip), --threads=0 (runs side
// by side; 0: as many as the machine has cores). Ends with 2 if a goal is not kept.
#include "bench/polling_scenarios.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <map>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "config/parse.h"

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
  int threads = 0;
  RunOptions run;
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
    } else if (take(argv[i], "--threads", value)) {
      flags.threads = std::atoi(value.c_str());
    } else if (take(argv[i], "--rtt", value) && parse_duration(value)) {
      flags.run.rtt = *parse_duration(value);
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

// Runs that do not wait for one another; each has a world of its own.
class Runs {
 public:
  using Run = std::function<Result(World&)>;

  explicit Runs(int threads)
      : free_(threads > 0 ? threads
                          : std::max(1, static_cast<int>(std::thread::hardware_concurrency()))) {}

  // The scenario from seeds 1 to `seeds`, one after the other.
  std::shared_future<Sum> start(char scenario, Order order, int seeds, Run run) {
    auto all = [this, scenario, order, seeds, run = std::move(run)] {
      free_.acquire();
      Sum sum;
      for (int seed = 1; seed <= seeds; ++seed) {
        World world(scenario_jobs(scenario), {}, order, static_cast<std::uint64_t>(seed));
        sum.add(run(world));
      }
      free_.release();
      return sum;
    };
    return std::async(std::launch::async, std::move(all)).share();
  }

 private:
  std::counting_semaphore<64> free_;
};

// What was begun for one scenario, to be printed in its order.
struct Started {
  std::vector<std::shared_future<Sum>> planner;  // by flags.orders
  std::shared_future<Sum> robin, sweep, oracle;
};

Started start(char scenario, const Flags& flags, Runs& runs) {
  const bool big = scenario == 'E' || scenario == 'F';
  const int seeds = big ? flags.big_seeds : flags.seeds;
  const RunOptions& how = flags.run;
  Started all;
  for (const char letter : flags.orders) {
    all.planner.push_back(runs.start(scenario, order_of(letter), seeds, [how](World& world) {
      return run_planner(world, full_quota(), how);
    }));
  }
  const Order first = order_of(flags.orders.front());
  all.robin = runs.start(scenario, first, seeds,
                         [how](World& world) { return run_round_robin(world, kQuota, how); });
  all.sweep = runs.start(scenario, first, seeds,
                         [how](World& world) { return run_sweep(world, kQuota, how); });
  all.oracle = runs.start(scenario, first, seeds,
                          [how](World& world) { return run_oracle(world, kQuota, how); });
  return all;
}

void print(char scenario, const Flags& flags, const Started& all) {
  const Goal& goal = kGoals.at(scenario);
  for (std::size_t i = 0; i < flags.orders.size(); ++i) {
    const char letter = flags.orders[i];
    Sum sum = all.planner[i].get();
    const bool newest = letter == 'n';
    g_kept = g_kept && sum.lost == 0;
    row(scenario, fmt::format("planner, pages by {}", name(order_of(letter))), sum,
        held(mean_of(sum.delays.bad), newest ? goal.newest_bad : goal.bad_mean),
        held(quantile_of(sum.delays.bad, 0.99), goal.bad_p99),
        held(mean_of(sum.delays.all), newest ? goal.newest_all : goal.all_mean),
        held(mean_of(sum.delays.timed_out), kTimedOutGoal));
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
      held(mean_of(alone.delays.bad), factor * mean_of(robin.delays.bad)),
      number(quantile_of(alone.delays.bad, 0.99)),
      held(mean_of(alone.delays.all), factor * mean_of(robin.delays.all)),
      number(mean_of(alone.delays.timed_out)));
  plain_row(scenario, "round robin, the same seeds", robin);
}

void run(const Flags& flags) {
  Runs runs(flags.threads);
  std::map<char, Started> started;
  // The longest first, so that the last one does not run by itself.
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
    alone[scenario] = {
        runs.start(scenario, Order::kId, seeds,
                   [how](World& world) { return run_planner(world, full_quota(), how); }),
        runs.start(scenario, Order::kId, seeds,
                   [how](World& world) { return run_round_robin(world, kQuota, how); })};
  }
  for (const char scenario : flags.scenarios) print(scenario, flags, started.at(scenario));
  for (const auto& [scenario, sums] : alone) {
    print_alone(scenario, sums.first.get(), sums.second.get());
  }
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
  run(flags);
  fmt::print("\n{}\n", g_kept ? "All goals are kept." : "**Not all goals are kept.**");
  return g_kept ? 0 : 2;
}
