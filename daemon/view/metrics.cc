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

#include "core/event_text.h"
#include "view/account_series.h"
#include "view/families.h"
#include "view/job_counters.h"
#include "view/process_metrics.h"
#include "view/sample.h"
#include "view/status_families.h"
#include "view/task_page.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kPageRoom = 64 * 1024;  // bytes, for what is new since the last page
constexpr std::array<Level, 4> kLevels = {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError};

// What is asked of the configuration for one instance's tasks.
struct ListedInstance {
  std::string name;
  StringMap labels;
};
struct ListedAccount {
  std::unique_ptr<AccountSeries> series;
  std::vector<ListedInstance> instances;
  std::unordered_map<std::string, std::size_t> tasks;  // explicit ids, to their instance

  const ListedInstance* instance_of(const std::string& task_id) const {
    const auto found = tasks.find(task_id);
    return found == tasks.end() ? nullptr : &instances[found->second];
  }
};

void append_families(std::string& page, const std::vector<prometheus::MetricFamily>& families) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  page += out.view();
}

}  // namespace

struct Metrics::Impl {
  OwnFamilies own;
  prometheus::Histogram* commit_duration = nullptr;
  prometheus::Histogram* loop_delay = nullptr;
  std::map<std::string, ListedAccount> accounts;
  bool show_tasks = true;
  TaskPage tasks;
  JobCounters jobs;
  std::set<std::string> handlers;
  std::vector<std::uint64_t> log_by_level;
  std::uint64_t log_dropped = 0;
  std::size_t last_page_bytes = 0;

  ListedAccount* account(const std::string& name) {
    const auto found = accounts.find(name);
    return found == accounts.end() ? nullptr : &found->second;
  }
  const ListedInstance* listed(const TaskKey& key) {
    const ListedAccount* owner = account(key.account);
    return owner ? owner->instance_of(key.task_id) : nullptr;
  }
  void list(const AccountConfig& config, std::optional<Duration> bound, ListedAccount& into);
  void show(const TaskRecord& record, Wall at);
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

// A task that is not listed has no series; one that is superseded or gone has none of its own, but
// counts for its job's.
void Metrics::Impl::show(const TaskRecord& record, Wall at) {
  const ListedInstance* instance = listed(record.key);
  if (!instance) return;
  jobs.watch(record.key, record.last.job_id, at);
  if (record.superseded || record.gone) {
    tasks.erase(record.key);
  } else {
    tasks.put(task_point(record, instance->name, instance->labels));
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
  impl_->jobs.set_limit(config.job_series_limit);
  for (const TaskKey& key : impl_->jobs.tasks()) {
    const ListedInstance* instance = impl_->listed(key);
    if (instance) {
      impl_->tasks.rename(key, instance->name, instance->labels);
    } else {
      forget(key);
    }
  }
}

void Metrics::restore(const std::vector<TaskRecord>& records,
                      const std::vector<CounterValue>& counters, Wall now) {
  impl_->jobs.restore(counters, now);
  for (const TaskRecord& record : records) impl_->show(record, now);
}

void Metrics::forget(const TaskKey& key) {
  impl_->tasks.erase(key);
  impl_->jobs.unwatch(key);
}

void Metrics::call_ended(const CallEnd& call) {
  if (ListedAccount* account = impl_->account(call.account)) account->series->call_ended(call);
}

void Metrics::committed(const TaskChange& change, Wall at) {
  if (ListedAccount* account = impl_->account(change.record.key.account)) {
    account->series->committed(change, at);
  }
  impl_->show(change.record, at);
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

std::string Metrics::render(const DaemonStatus& status, const ProcessStats& process, Wall now) {
  // Grown by doubling, a page of some MB would take twice its size: its large parts are known.
  const std::size_t large =
      impl_->jobs.refresh(now) + impl_->tasks.bytes() + task_states_bytes(status);
  std::string page;
  page.reserve(std::max(impl_->last_page_bytes, large) + kPageRoom);
  append_families(page, impl_->own.registry.Collect());
  append_families(page, status_families(status));
  append_families(page, impl_->log_families());
  append_families(page, process_families(process));
  append_head(page, family(FamilyId::kTaskSeriesRefused));
  append_sample(page, family(FamilyId::kTaskSeriesRefused), {}, 0);  // explicit ids never are
  append_head(page, family(FamilyId::kJobSeriesRefused));
  append_sample(page, family(FamilyId::kJobSeriesRefused), {},
                static_cast<double>(impl_->jobs.refused()));
  impl_->jobs.append_to(page);
  if (impl_->show_tasks) {
    impl_->tasks.append_to(page);
    append_task_states(page, status);
  }
  impl_->last_page_bytes = page.size();
  return page;
}

}  // namespace taskwatchd
