#include "view/metrics.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "view/account_series.h"
#include "view/daemon_series.h"
#include "view/job_counters.h"
#include "view/job_families.h"
#include "view/job_tasks.h"
#include "view/task_families.h"

namespace taskwatchd {
namespace {

// The parts of the configuration that concern one instance's tasks.
struct ListedInstance {
  std::string name;
  StringMap labels;
};
struct ListedAccount {
  std::unique_ptr<AccountSeries> series;
  std::vector<ListedInstance> instances;
  std::unordered_map<std::string, std::size_t> tasks;  // explicit ids, with their instance's index

  const ListedInstance* instance_of(const std::string& task_id) const {
    const auto found = tasks.find(task_id);
    return found == tasks.end() ? nullptr : &instances[found->second];
  }
  const ListedInstance* instance_named(const std::string& name) const {
    const auto found = std::find_if(instances.begin(), instances.end(),
                                    [&](const ListedInstance& one) { return one.name == name; });
    return found == instances.end() ? nullptr : &*found;
  }
};

}  // namespace

struct Metrics::Impl {
  DaemonSeries daemon;
  std::map<std::string, ListedAccount> accounts;
  bool show_tasks = true;
  Duration keep_finished{};
  TaskFamilies tasks;
  JobTasks job_tasks{tasks};
  JobCounters jobs;
  Wall now;  // of the last call that passed the time
  std::vector<std::uint64_t> log_by_level;
  std::uint64_t log_dropped = 0;

  ListedAccount* account(const std::string& name) {
    const auto found = accounts.find(name);
    return found == accounts.end() ? nullptr : &found->second;
  }
  const ListedInstance* listed(const TaskKey& key) {
    const ListedAccount* owner = account(key.account);
    return owner ? owner->instance_of(key.task_id) : nullptr;
  }
  void list(const AccountConfig& config, std::optional<Duration> bound, ListedAccount& into);
  void show(const TaskRecord& record, bool of_job, Wall at);
  void show_job_task(const TaskRecord& record);
  void move_tasks();
};

void Metrics::Impl::list(const AccountConfig& config, std::optional<Duration> bound,
                         ListedAccount& into) {
  if (into.series) {
    into.series->set_bound(bound);
  } else {
    into.series = std::make_unique<AccountSeries>(config.name, bound);
  }
  const auto quota = config.quota.find(Api::kQueryTask);
  if (quota == config.quota.end() || quota->second > 0) into.series->use(Api::kQueryTask);
  into.instances.clear();
  into.tasks.clear();
  for (const InstanceConfig& instance : config.instances) {
    for (const std::string& task : instance.tasks) into.tasks[task] = into.instances.size();
    into.instances.push_back({instance.name, instance.labels});
  }
}

// A task that is neither explicit nor of a job has no series. An explicit one that is superseded or
// not found has no series of its own, but counts for its job's.
void Metrics::Impl::show(const TaskRecord& record, bool of_job, Wall at) {
  now = at;
  const ListedInstance* instance = listed(record.key);
  if (!instance) {
    if (of_job) show_job_task(record);
    return;
  }
  job_tasks.release(record.key, record.last.job_id);
  jobs.watch(record.key, record.last.job_id, at);
  if (record.superseded || record.gone) {
    tasks.erase(record.key);
  } else {
    tasks.put(record, instance->name, instance->labels);
  }
}

void Metrics::Impl::show_job_task(const TaskRecord& record) {
  static const StringMap kNoLabels;
  const ListedAccount* owner = account(record.key.account);
  if (!owner) return;
  const ListedInstance* instance = owner->instance_named(record.instance);
  job_tasks.put(record, record.instance, instance ? instance->labels : kNoLabels);
}

// Tasks that have series keep them as the new configuration assigns them.
void Metrics::Impl::move_tasks() {
  for (const JobTasks::Shown& task : job_tasks.admitted()) {
    if (!listed(task.key)) continue;
    job_tasks.release(task.key, task.job_id);
    jobs.watch(task.key, task.job_id, now);
  }
  const std::map<TaskKey, std::string> watched = jobs.tasks();
  for (const auto& [key, job_id] : watched) {
    if (const ListedInstance* instance = listed(key)) {
      tasks.rename(key, instance->name, instance->labels);
      continue;
    }
    jobs.unwatch(key);
    if (account(key.account)) {
      job_tasks.adopt(key, job_id);
    } else {
      tasks.erase(key);
    }
  }
}

Metrics::Metrics(const BuildInfo& build) : impl_(std::make_unique<Impl>()) {
  impl_->daemon.build_info(build.version, build.revision, build.compiler);
}
Metrics::~Metrics() = default;

void Metrics::configure(const Config& config) {
  std::map<std::string, ListedAccount> before;
  before.swap(impl_->accounts);
  for (const AccountConfig& account : config.accounts) {
    ListedAccount& listed = impl_->accounts[account.name];
    const auto known = before.find(account.name);
    if (known != before.end()) listed = std::move(known->second);
    impl_->list(account, config.detection_delay_bound, listed);
  }
  impl_->show_tasks = wants_series(config.task_series, true, TaskStatus::kUnknown);
  impl_->keep_finished = config.keep_finished;
  impl_->jobs.set_limit(config.job_series_limit);
  impl_->job_tasks.configure(config.task_series, config.task_series_limit);
  impl_->move_tasks();
  impl_->daemon.keep_sinks(config.sinks);
}

void Metrics::restore_counters(const std::vector<JobKey>& jobs,
                               const std::vector<CounterValue>& counters, Wall now) {
  impl_->jobs.restore(counters, now);
  impl_->jobs.know(jobs, now);
}
bool Metrics::knows_counters(const JobKey& job) const {
  return impl_->jobs.known(job);
}
void Metrics::ask_for_counters(std::function<void()> asked) {
  impl_->jobs.ask(std::move(asked));
}
std::vector<JobKey> Metrics::pending_counters(std::size_t limit) {
  return impl_->jobs.wanted(limit);
}

void Metrics::restore(const std::vector<TaskRecord>& records, Wall now) {
  for (const TaskRecord& record : records) impl_->show(record, false, now);
}

void Metrics::restore_job_tasks(const std::vector<TaskRecord>& records,
                                std::optional<Wall> job_ended, Wall now) {
  if (job_ended && now - *job_ended >= impl_->keep_finished) return;
  for (const TaskRecord& record : records) impl_->show(record, true, now);
}

void Metrics::forget(const TaskKey& key) {
  impl_->tasks.erase(key);
  impl_->job_tasks.forget(key);
  impl_->jobs.unwatch(key);
}

void Metrics::call_ended(const CallEnd& call) {
  if (ListedAccount* account = impl_->account(call.account)) account->series->call_ended(call);
}

void Metrics::committed(const TaskChange& change, Wall at) {
  if (ListedAccount* account = impl_->account(change.record.key.account)) {
    account->series->committed(change, at);
  }
  impl_->show(change.record, !change.explicit_id, at);
}

void Metrics::counted(const CounterDelta& delta, Wall at) {
  impl_->jobs.add(delta, at);
}

void Metrics::anomaly(const std::string& account, Anomaly kind) {
  if (ListedAccount* listed = impl_->account(account)) listed->series->anomaly(kind);
}

void Metrics::commit_took(Duration took) {
  impl_->daemon.commit_took(took);
}

void Metrics::notified(const std::string& sink, Duration age) {
  impl_->daemon.notified(sink, age);
}

void Metrics::loop_delayed(Duration delay) {
  impl_->daemon.loop_delayed(delay);
}

void Metrics::http_request(const std::string& handler, int code) {
  impl_->daemon.http_request(handler, code);
}

void Metrics::log_messages(const std::vector<std::uint64_t>& by_level, std::uint64_t dropped) {
  impl_->log_by_level = by_level;
  impl_->log_dropped = dropped;
}

DaemonStatus Metrics::counted(DaemonStatus status) const {
  for (AccountStatus& account : status.accounts) {
    if (const ListedAccount* listed = impl_->account(account.name)) {
      listed->series->count_into(account);
    }
  }
  return status;
}

std::shared_ptr<const MetricsPicture> Metrics::picture(DaemonStatus status,
                                                       const ProcessStats& process, Wall now) {
  auto picture = std::make_shared<MetricsPicture>();
  picture->taken = impl_->now = now;
  picture->status = std::move(status);
  picture->process = process;
  for (const AccountStatus& account : picture->status.accounts) {
    ListedAccount* const listed = impl_->account(account.name);
    if (listed == nullptr) continue;
    for (const ApiStatus& api : account.apis) listed->series->use(api.api);
  }
  picture->keep_finished = impl_->keep_finished;
  picture->jobs = live_jobs(picture->status, impl_->keep_finished, now);
  impl_->jobs.list(picture->jobs, now);
  impl_->job_tasks.keep(picture->jobs);
  std::erase_if(picture->jobs, [&](const LiveJob& job) { return !impl_->jobs.admitted(job.key); });
  picture->job_counters = impl_->jobs.shown(now);

  picture->daemon = impl_->daemon.collect();
  for (auto& [name, account] : impl_->accounts)
    picture->accounts.push_back(account.series->share());
  picture->log_messages = impl_->log_by_level;
  picture->log_dropped = impl_->log_dropped;
  picture->task_series_refused = impl_->job_tasks.refused();
  picture->job_series_refused = impl_->jobs.refused();
  picture->shows_tasks = impl_->show_tasks;
  if (impl_->show_tasks) picture->tasks = impl_->tasks.share();
  return picture;
}

}  // namespace taskwatchd
