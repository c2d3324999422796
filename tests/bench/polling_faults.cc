#include "bench/polling_faults.h"

#include <cstdio>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/polling_runs.h"

namespace taskwatchd::plan {
namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();

// In seconds. Relative: `times` is a factor of the result without faults, and `more` is added.
struct Goal {
  double bad_mean = kNone, bad_p99 = kNone, all_mean = kNone;
};
struct Relative {
  double bad_times = kNone, bad_more = 0, p99_times = kNone, p99_more = 0;
  double all_times = kNone, all_more = 0;
};

struct Case {
  std::string name;
  char scenario = 'B';
  std::string orders = "io";
  Faults faults = {};
  Goal by_id = {}, by_oldest = {};
  std::optional<Relative> relative = {};  // replaces by_id and by_oldest
  bool mixed_too = false;
  double failing_tasks = Life{}.failed;
  double quota_total = 0;  // as configured; 0: not set
};

Faults failing(double share) {
  Faults faults;
  faults.failing_calls = share;
  return faults;
}

Faults shared() {
  Faults faults;
  faults.shared_quota = kQuota;
  return faults;
}

std::vector<Case> failing_calls() {
  const Relative little{1.3, 0.2, 1.5, 0.5, 1.3, 0.2};
  const Relative big{kNone, 0, kNone, 0, 1.3, 0};
  const Goal fifth{1.5, 8, 15};
  return {
      {.name = "2 % of the calls fail",
       .scenario = 'B',
       .faults = failing(0.02),
       .relative = little,
       .mixed_too = true},
      {.name = "2 % of the calls fail",
       .scenario = 'C',
       .faults = failing(0.02),
       .relative = little,
       .mixed_too = true},
      {.name = "2 % of the calls fail",
       .scenario = 'D',
       .faults = failing(0.02),
       .relative = little,
       .mixed_too = true},
      {.name = "20 % of the calls fail",
       .scenario = 'B',
       .faults = failing(0.2),
       .by_id = fifth,
       .by_oldest = fifth,
       .mixed_too = true},
      {.name = "0.5 % of the calls fail",
       .scenario = 'E',
       .orders = "i",
       .faults = failing(0.005),
       .relative = big,
       .mixed_too = true},
      {.name = "2 % of the calls fail",
       .scenario = 'E',
       .orders = "i",
       .faults = failing(0.02),
       .relative = big,
       .mixed_too = true},
  };
}

std::vector<Case> other_troubles() {
  Faults others, late, jitter, mortal;
  others.other_calls = 3;
  late.statistics_lag = std::chrono::seconds(5);
  jitter.jitter = std::chrono::milliseconds(10);
  mortal.token_life = std::chrono::minutes(1);
  return {
      {.name = "others use 3/s of each API",
       .scenario = 'B',
       .faults = others,
       .by_id = {2, 8, 45},
       .by_oldest = {2, 8, 12}},
      {.name = "one budget of 5/s, quota_total not set",
       .scenario = 'B',
       .faults = shared(),
       .by_id = {2, kNone, 60},
       .by_oldest = {2, kNone, 60}},
      {.name = "one budget of 5/s, quota_total set",
       .scenario = 'B',
       .faults = shared(),
       .by_id = {1.3, kNone, 25},
       .by_oldest = {1.3, kNone, 25},
       .quota_total = kQuota},
      {.name = "one budget of 5/s, quota_total set",
       .scenario = 'F',
       .faults = shared(),
       .by_id = {8, 45, 200},
       .by_oldest = {8, 45, 200},
       .quota_total = kQuota},
      {.name = "statistics 5 s late",
       .scenario = 'B',
       .faults = late,
       .by_id = {4.6, kNone, kNone}},
      {.name = "jitter of 10 ms", .scenario = 'B', .faults = jitter, .by_id = {0.6, kNone, kNone}},
      {.name = "30 % of the devices fail",
       .scenario = 'B',
       .by_id = {4.0, kNone, kNone},
       .failing_tasks = 0.3},
      {.name = "a token expires a minute after it was issued", .faults = mortal},
  };
}

std::vector<Case> cases() {
  std::vector<Case> all = failing_calls();
  for (Case& one : other_troubles()) all.push_back(std::move(one));
  return all;
}

struct Row {
  const Case* what = nullptr;
  char order = 'i';
  bool mixed = false;
  std::shared_future<Sum> run;
  std::shared_future<Sum> clean;  // set if the goal is relative
};

AccountConfig account_of(const Case& one) {
  AccountConfig account = full_quota();
  account.quota_total = one.quota_total;
  return account;
}

Goal goal_of(const Row& row) {
  const Case& what = *row.what;
  if (row.mixed) return {};
  if (!what.relative) return row.order == 'i' ? what.by_id : what.by_oldest;
  const Relative& times = *what.relative;
  Sum clean = row.clean.get();
  return {times.bad_times * mean_of(clean.delays.bad) + times.bad_more,
          times.p99_times * quantile_of(clean.delays.bad, 0.99) + times.p99_more,
          times.all_times * mean_of(clean.delays.all) + times.all_more};
}

std::string figure(double value, double goal, bool& kept) {
  return goal == kNone ? number(value) : held(value, goal, kept);
}

void print(const Row& row, bool& kept) {
  Sum sum = row.run.get();
  const Goal goal = goal_of(row);
  kept = kept && sum.lost == 0;
  const std::string others =
      sum.others.calls > 0 ? fmt::format(" / {:.1f} %", 100 * sum.others.refused_ratio()) : "";
  fmt::print("| {} | {}{} | {} | {} | {} | {} | {} | {} / {} | {:.1f} %{} | {} |\n",
             row.what->scenario, row.what->name, row.mixed ? ", mixed" : "",
             name(order_of(row.order)), figure(mean_of(sum.delays.bad), goal.bad_mean, kept),
             figure(quantile_of(sum.delays.bad, 0.99), goal.bad_p99, kept),
             figure(mean_of(sum.delays.all), goal.all_mean, kept),
             number(quantile_of(sum.delays.all, 0.99)), sum.lost_bad, sum.lost,
             100 * sum.ours.refused_ratio(), others, sum.most_in_a_second);
  std::fflush(stdout);
}

}  // namespace

bool print_faults(const BenchFlags& flags) {
  const std::vector<Case> all = cases();
  Runs runs(flags.threads);
  std::map<std::pair<char, char>, std::shared_future<Sum>> clean;
  std::vector<Row> rows;
  const auto start = [&](const Case& what, const Faults& faults, char order) {
    const bool big = what.scenario == 'E' || what.scenario == 'F';
    Life life;
    life.failed = what.failing_tasks;
    RunOptions how;
    how.rtt = flags.run.rtt;
    how.faults = faults;
    return runs.start(what.scenario, life, order_of(order), big ? flags.big_seeds : flags.seeds,
                      [how, account = account_of(what)](World& world) {
                        return run_planner(world, account, how);
                      });
  };
  for (const Case& what : all) {
    if (flags.scenarios.find(what.scenario) == std::string::npos) continue;
    if (what.name.find(flags.rows) == std::string::npos) continue;
    for (const char order : what.orders) {
      if (flags.orders.find(order) == std::string::npos) continue;
      Row row{&what, order, false, {}, {}};
      if (what.relative) {
        auto& same = clean[{what.scenario, order}];
        if (!same.valid()) same = start(what, {}, order);
        row.clean = same;
      }
      row.run = start(what, what.faults, order);
      rows.push_back(row);
      if (!what.mixed_too) continue;
      Faults mixed = what.faults;
      mixed.mixed = true;
      rows.push_back({&what, order, true, start(what, mixed, order), {}});
    }
  }
  fmt::print(
      "| | | pages by | bad mean | bad p99 | all mean | all p99 | lost bad / all | refused | most "
      "in 1 s |\n| --- | --- | --- | --: | --: | --: | --: | --: | --: | --: |\n");
  bool kept = true;
  for (const Row& row : rows) print(row, kept);
  return kept;
}

}  // namespace taskwatchd::plan
