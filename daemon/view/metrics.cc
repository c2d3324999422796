#include "view/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/events/event_text.h"
#include "view/account_series.h"
#include "view/distribution_families.h"
#include "view/families.h"
#include "view/job_counters.h"
#include "view/job_families.h"
#include "view/job_tasks.h"
#include "view/process_metrics.h"
#include "view/sample.h"
#include "view/status_families.h"
#include "view/task_families.h"

namespace taskwatchd {
namespace {

constexpr std::array<Level, 4> kLevels = {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError};

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

void append_families(PageWriter& page, const std::vector<prometheus::MetricFamily>& families) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  page.text() += out.view();
  page.lines_ended();
}

}  // namespace

struct Metrics::Impl {
  OwnFamilies own;
  prometheus::Histogram* commit_duration = nullptr;
  prometheus::Histogram* loop_delay = nullptr;
  std::map<std::string, prometheus::Histogram*> notify_delays;  // by sink
  std::map<std::string, ListedAccount> accounts;
  bool show_tasks = true;
  Duration keep_finished{};
  TaskFamilies tasks;
  JobTasks job_tasks{tasks};
  JobCounters jobs;
  Wall now;  // of the last call that passed the time
  std::set<std::string> handlers;
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
  void append_refused(std::string& page) const;
  std::vector<prometheus::MetricFamily> log_families() const;
};

void Metrics::Impl::list(const AccountConfig& config, std::optional<Duration> bound,
                         ListedAccount& into) {
  if (into.series) {
    into.series->set_bound(bound);
  } else {
    into.series = std::make_unique<AccountSeries>(own, config.name, bound);
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
  for (const TaskKey& key : jobs.tasks()) {
    if (const ListedInstance* instance = listed(key)) {
      tasks.rename(key, instance->name, instance->labels);
      continue;
    }
    jobs.unwatch(key);
    if (account(key.account)) {
      job_tasks.adopt(key);
    } else {
      tasks.erase(key);
    }
  }
}

void Metrics::Impl::append_refused(std::string& page) const {
  const std::pair<FamilyId, std::size_t> counts[] = {
      {FamilyId::kTaskSeriesRefused, job_tasks.refused()},
      {FamilyId::kJobSeriesRefused, jobs.refused()}};
  for (const auto& [id, count] : counts) {
    append_head(page, family(id));
    append_sample(page, family(id), {}, static_cast<double>(count));
  }
}

std::vector<prometheus::MetricFamily> Metrics::Impl::log_families() const {
  std::vector<prometheus::MetricFamily> families = {
      empty_family(family(FamilyId::kLogMessages)),
      empty_family(family(FamilyId::kLogMessagesDropped))};
  for (const Level level : kLevels) {
    const auto i = static_cast<std::size_t>(level);
    const std::array<Label, 1> labels = {{{"level", name(level)}}};
    add_sample(families[0], labels,
               i < log_by_level.size() ? static_cast<double>(log_by_level[i]) : 0);
  }
  add_sample(families[1], {}, static_cast<double>(log_dropped));
  return families;
}

Metrics::Metrics(const BuildInfo& build) : impl_(std::make_unique<Impl>()) {
  OwnFamilies& own = impl_->own;
  own.build_info
      .Add({{"version", build.version}, {"revision", build.revision}, {"compiler", build.compiler}})
      .Set(1);
  impl_->commit_duration =
      &own.store_commit_duration.Add({}, buckets_of(FamilyId::kStoreCommitDuration));
  impl_->loop_delay = &own.loop_delay.Add({}, buckets_of(FamilyId::kLoopDelay));
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
  std::erase_if(impl_->notify_delays, [&](const auto& one) {
    const bool listed = std::any_of(config.sinks.begin(), config.sinks.end(),
                                    [&](const SinkConfig& sink) { return sink.name == one.first; });
    if (!listed) impl_->own.notify_delay.Remove(one.second);
    return !listed;
  });
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
  impl_->commit_duration->Observe(seconds(took));
}

void Metrics::notified(const std::string& sink, Duration age) {
  prometheus::Histogram*& delay = impl_->notify_delays[sink];
  if (delay == nullptr) {
    delay = &impl_->own.notify_delay.Add({{"sink", sink}}, buckets_of(FamilyId::kNotifyDelay));
  }
  delay->Observe(seconds(age));
}

void Metrics::loop_delayed(Duration delay) {
  impl_->loop_delay->Observe(seconds(delay));
}

void Metrics::http_request(const std::string& handler, int code) {
  auto& known = impl_->handlers;
  const bool shown = known.contains(handler) || known.size() < kHandlers;
  if (shown) known.insert(handler);
  const bool is_code = code >= 100 && code <= 599;
  impl_->own.http_requests
      .Add({{"handler", shown ? label_text(handler) : "other"},
            {"code", is_code ? std::to_string(code) : "other"}})
      .Increment();
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

void Metrics::render(const DaemonStatus& status, const ProcessStats& process, Wall now,
                     PageWriter& page) {
  for (const AccountStatus& account : status.accounts) {
    const ListedAccount* listed = impl_->account(account.name);
    for (const ApiStatus& api : account.apis) {
      if (listed) listed->series->use(api.api);
    }
  }
  impl_->now = now;
  std::vector<LiveJob> jobs = live_jobs(status, impl_->keep_finished, now);
  impl_->jobs.list(jobs, now);
  impl_->job_tasks.keep(jobs);
  std::erase_if(jobs, [&](const LiveJob& job) { return !impl_->jobs.admitted(job.key); });

  append_families(page, impl_->own.registry.Collect());
  append_families(page, status_families(status));
  append_families(page, impl_->log_families());
  append_families(page, process_families(process));
  impl_->append_refused(page.text());
  impl_->jobs.refresh(now);
  impl_->jobs.append_to(page.text());
  page.lines_ended();
  append_job_families(page, jobs);
  append_distribution_families(page, status, impl_->keep_finished, now);
  if (impl_->show_tasks) {
    impl_->tasks.append_to(page);
    append_task_states(page, status);
  }
  page.flush();
}

}  // namespace taskwatchd
