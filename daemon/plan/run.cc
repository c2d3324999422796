#include "plan/run.h"

#include <algorithm>
#include <deque>
#include <numeric>
#include <random>

#include "account/account.h"
#include "plan/flights.h"
#include "plan/platform.h"

namespace taskwatchd::plan {
namespace {

constexpr Wall kEpoch{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
constexpr Mono kBegin{std::chrono::hours(1)};
constexpr Ms kProgressEvery = 60'000;
constexpr std::uint64_t kChanceSeed = 0xc4a;

Ms ms_of(Mono t) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(t - kBegin).count();
}

// Records when each task's completion was first observed.
class Watcher {
 public:
  explicit Watcher(const World& world) : world_(world), seen_(world.tasks(), false) {}

  bool seen(std::size_t task) const { return seen_[task]; }
  bool done() const { return count_ == seen_.size(); }
  void see(std::size_t task, double at_ms, Result& result) {
    if (seen_[task]) return;
    seen_[task] = true;
    ++count_;
    add(task, at_ms, result);
    result.span = static_cast<Ms>(at_ms);
  }
  // Ends the run.
  void finish(double at_ms, Result& result) {
    if (done()) return;
    result.span = static_cast<Ms>(at_ms);
    for (std::size_t task = 0; task < seen_.size(); ++task) {
      if (seen_[task]) continue;
      if (world_.ends(task) > result.span) {
        ++result.ahead;
      } else {
        ++result.unseen;
        if (is_bad(world_.outcome(task))) ++result.unseen_bad;
        add(task, at_ms, result);
      }
    }
  }

 private:
  void add(std::size_t task, double at_ms, Result& result) {
    // A task that finished before the run began could not be observed earlier.
    const auto ended = static_cast<double>(std::max<Ms>(0, world_.ends(task)));
    const double delay = (at_ms - ended) / 1000;
    result.delays.all.push_back(delay);
    if (is_bad(world_.outcome(task))) result.delays.bad.push_back(delay);
    if (world_.outcome(task) == TaskStatus::kTimedOut) result.delays.timed_out.push_back(delay);
  }

  const World& world_;
  std::vector<bool> seen_;
  std::size_t count_ = 0;
};

InstanceConfig watched(const World& world, bool all_named) {
  InstanceConfig instance;
  instance.name = "model";
  instance.region = "cn-shanghai";
  instance.endpoint = "https://iot.cn-shanghai.aliyuncs.com";
  for (std::size_t job = 0; job < world.jobs(); ++job) {
    if (!all_named && !world.plan_of(job).named) instance.jobs.push_back(world.job_id(job));
  }
  for (std::size_t task = 0; task < world.tasks(); ++task) {
    const bool named = all_named || world.plan_of(world.job_of(task)).named;
    if (named) instance.tasks.push_back(world.task_id(task));
  }
  return instance;
}

}  // namespace

Result run_planner(World& world, AccountConfig config, const RunOptions& options) {
  config.instances = {watched(world, options.explicit_tasks)};
  Result result;
  Watcher watcher(world);
  Mono mono = kBegin;
  const auto now = [&] { return Now{mono, kEpoch + std::chrono::milliseconds(ms_of(mono))}; };
  Account account(config, {}, now());
  Platform platform(world, config.quota, options.faults, options.denied, kEpoch);
  Flights flights(platform, options.rtt, options.faults.jitter, world.seed());
  std::mt19937_64 random(world.seed() ^ kChanceSeed);
  std::uniform_real_distribution<double> random01(0, 1);
  std::size_t first_seen = 0;
  Ms progress_at = 0;
  const Mono end = kBegin + std::chrono::milliseconds(options.until);
  while (!watcher.done() && mono < end) {
    if (ms_of(mono) - progress_at >= kProgressEvery) options.progress(progress_at = ms_of(mono));
    if (const auto answer = flights.take(mono - kBegin)) {
      const CallEffects effects = account.apply(*answer, now(), random01(random));
      for (const TaskChange& change : effects.observation.changes) {
        if (change.first_observation && ++first_seen == world.tasks())
          result.first_round = ms_of(mono);
        if (change.from) ++result.transitions;
        if (!is_finished(change.record.last.status)) continue;
        watcher.see(world.task_number(change.record.key.task_id), seconds(mono - kBegin) * 1000,
                    result);
      }
      continue;
    }
    NextCall next = account.next(now());
    if (!next.call) {
      const Duration until = std::min(end, std::max(mono + Duration(1), next.wake)) - kBegin;
      mono = std::max(mono + Duration(1), kBegin + flights.next_answer(until));
      continue;
    }
    account.begin(*next.call, now());
    account.departed(*next.call, now());
    ++result.calls[next.call->api];
    flights.send(std::move(*next.call), mono - kBegin);
  }
  watcher.finish(static_cast<double>(ms_of(mono)), result);
  result.ours = platform.gateway().ours();
  result.others = platform.gateway().others();
  result.most_in_a_second = platform.gateway().most_in_a_second();
  return result;
}

Result run_round_robin(const World& world, double rate, double quota, const RunOptions& options) {
  Result result;
  Watcher watcher(world);
  Gateway gateway(options.faults, {{Api::kQueryTask, quota}}, world.seed());
  const double rtt = seconds(options.rtt) * 1000;
  std::deque<std::size_t> turn(world.tasks());
  std::iota(turn.begin(), turn.end(), std::size_t{0});
  for (double at = 0; !turn.empty() && at < static_cast<double>(options.until); at += 1000 / rate) {
    const std::size_t task = turn.front();
    turn.pop_front();
    ++result.calls[Api::kQueryTask];
    const bool failed =
        gateway.arrive(Api::kQueryTask, from_seconds((at + rtt / 2) / 1000)).has_value();
    if (!failed && world.ends(task) <= static_cast<Ms>(at + rtt / 2)) {
      watcher.see(task, at + rtt, result);
    } else {
      turn.push_back(task);
    }
  }
  watcher.finish(static_cast<double>(options.until), result);
  return result;
}

Result run_sweep(World& world, double rate, const RunOptions& options) {
  Result result;
  Watcher watcher(world);
  const double rtt = seconds(options.rtt) * 1000;
  std::string token;
  std::size_t job = 0;
  for (double at = 0; !watcher.done() && at < static_cast<double>(options.until);
       at += 1000 / rate) {
    const TaskPage page =
        world.page(job, std::nullopt, token, kListPage, static_cast<Ms>(at + rtt / 2), kEpoch);
    ++result.calls[Api::kListTask];
    for (const TaskReply& row : page.tasks) {
      if (is_finished(row.status)) watcher.see(world.task_number(row.task_id), at + rtt, result);
    }
    token = page.next_token;
    if (token.empty()) job = (job + 1) % world.jobs();
  }
  watcher.finish(static_cast<double>(options.until), result);
  return result;
}

// The oracle knows which tasks have finished unobserved, but needs API calls like the others: one
// list page shows up to fifty tasks of one job and status. Failures weigh ten times as much as
// other completions.
Result run_oracle(const World& world, double rate, const RunOptions& options) {
  Result result;
  Watcher watcher(world);
  const double rtt = seconds(options.rtt) * 1000;
  std::vector<std::size_t> by_end(world.tasks());
  std::iota(by_end.begin(), by_end.end(), std::size_t{0});
  std::sort(by_end.begin(), by_end.end(),
            [&](auto a, auto b) { return world.ends(a) < world.ends(b); });
  std::map<std::pair<std::size_t, TaskStatus>, std::deque<std::size_t>> lists;
  std::size_t next = 0;
  for (double at = 0; !watcher.done() && at < static_cast<double>(options.until);
       at += 1000 / rate) {
    const auto read = static_cast<Ms>(at + rtt / 2);
    for (; next < by_end.size() && world.ends(by_end[next]) <= read; ++next) {
      const std::size_t task = by_end[next];
      lists[{world.job_of(task), world.outcome(task)}].push_back(task);
    }
    auto best = lists.end();
    double best_priority = 0;
    for (auto it = lists.begin(); it != lists.end(); ++it) {
      const double weight = is_bad(it->first.second) ? 10 : 1;
      const double priority = weight * std::min<double>(kListPage, double(it->second.size()));
      if (priority > best_priority) {
        best_priority = priority;
        best = it;
      }
    }
    if (best == lists.end()) continue;
    ++result.calls[Api::kListTask];
    for (int i = 0; i < kListPage && !best->second.empty(); ++i) {
      watcher.see(best->second.front(), at + rtt, result);
      best->second.pop_front();
    }
    if (best->second.empty()) lists.erase(best);
  }
  watcher.finish(static_cast<double>(options.until), result);
  return result;
}

double quantile_of(std::vector<double>& values, double quantile) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(quantile * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

double mean_of(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace taskwatchd::plan
