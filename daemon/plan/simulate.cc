#include "plan/simulate.h"

#include <algorithm>

namespace taskwatchd::plan {
namespace {

constexpr std::array<Api, 5> kShown = {Api::kQueryTask, Api::kListTask, Api::kQueryJobStatistics,
                                       Api::kQueryJob, Api::kListJob};
constexpr double kQueryTaskQuota = 5;  // for round robin, if the configuration has no quota for it

void append(std::vector<double>& to, const std::vector<double>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void use(Report& report, const AccountConfig& account, const Result& result) {
  const double span = std::max(1.0, static_cast<double>(result.span) / 1000);
  for (const Api api : kShown) {
    ApiUse& use = report.apis[api];
    use.quota += account.quota.at(api);
    const auto calls = result.calls.find(api);
    if (calls != result.calls.end()) {
      use.calls_per_second += static_cast<double>(calls->second) / span;
    }
  }
}

// Returns the faults of this account's platform.
Faults faults_of(const Request& request, const AccountConfig& account) {
  Faults faults = request.faults;
  if (account.quota_total > 0) {
    faults.shared_quota = account.quota_total;
  } else if (request.shared_quota) {
    double greatest = 0;
    for (const Api api : kShown) greatest = std::max(greatest, account.quota.at(api));
    faults.shared_quota = greatest;
  }
  return faults;
}

Report simulate_order(const Config& config, const Scenario& scenario, Order order,
                      const Progress& progress) {
  const Request& request = scenario.request;
  Report report;
  report.tasks = scenario.tasks();
  report.named = scenario.named();
  report.jobs = scenario.jobs();
  report.accounts = static_cast<std::uint32_t>(scenario.accounts.size());
  report.discovers = scenario.discovers && !request.jobs;
  report.seed = request.seed;
  report.order = order;
  report.rtt = request.rtt;
  report.faults = request.faults;
  report.shared_quota = request.shared_quota;
  report.failing_tasks = request.failing_tasks;
  Life life;
  life.failed = request.failing_tasks;
  RunOptions options;
  options.rtt = request.rtt;
  options.until = request.hours ? static_cast<Ms>(*request.hours * 3.6e6) : kMaxSpan;
  options.progress = [&](Ms now) { progress(order, now); };
  Delays delays, robin;
  std::uint64_t seed = request.seed;
  Traffic traffic;
  Ms first_round = 0;
  bool all_seen = true;
  for (const AccountScenario& one : scenario.accounts) {
    World world(one.jobs, life, order, seed++);
    options.faults = faults_of(request, one.account);
    const Result result = run_planner(world, one.account, options);
    use(report, one.account, result);
    append(delays.bad, result.delays.bad);
    append(delays.all, result.delays.all);
    report.span = std::max(report.span, result.span);
    report.unseen += result.unseen;
    report.unseen_bad += result.unseen_bad;
    traffic += result.ours;
    report.most_in_a_second = std::max(report.most_in_a_second, result.most_in_a_second);
    report.ahead += result.ahead;
    all_seen = all_seen && result.first_round > 0;
    first_round = std::max(first_round, result.first_round);
    const double quota = one.account.quota.at(Api::kQueryTask);
    const double rate = (quota > 0 ? quota : kQueryTaskQuota) * one.account.quota_share;
    const Result turns = run_round_robin(world, rate, quota, options);
    append(robin.bad, turns.delays.bad);
    append(robin.all, turns.delays.all);
  }
  if (all_seen) report.first_round = first_round;
  report.refused_ratio = traffic.refused_ratio();
  report.bad_rows = rows_of(delays.bad);
  report.all_rows = rows_of(delays.all);
  report.series = series_of(config, scenario, delays.bad.size());
  report.series_worst = series_of(config, scenario, report.tasks);
  report.bad = spread_of(std::move(delays.bad));
  report.all = spread_of(std::move(delays.all));
  report.robin_bad = spread_of(std::move(robin.bad));
  report.robin_all = spread_of(std::move(robin.all));
  report.bound = config.detection_delay_bound;
  if (report.bound && report.bad.p99)
    report.bounds_kept = *report.bad.p99 <= seconds(*report.bound);
  return report;
}

}  // namespace

Report simulate(const Config& config, const Scenario& scenario, const Progress& progress) {
  if (scenario.request.order) {
    return simulate_order(config, scenario, *scenario.request.order, progress);
  }
  Report worse = simulate_order(config, scenario, Order::kId, progress);
  Report other = simulate_order(config, scenario, Order::kOldest, progress);
  if (other.bad.p99.value_or(0) > worse.bad.p99.value_or(0)) worse = std::move(other);
  worse.worse_of_two = true;
  return worse;
}

}  // namespace taskwatchd::plan
