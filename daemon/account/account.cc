#include "account/account.h"

#include <algorithm>

#include "core/account_events.h"

namespace taskwatchd {
namespace {

constexpr Duration kKeysRetry = std::chrono::seconds(10);

constexpr char kAlive[] = "alive";
constexpr char kSuccess[] = "success:";

// The order in which free slots are filled.
constexpr std::array<Api, 7> kSpent = {Api::kQueryJobStatistics,
                                       Api::kListTask,
                                       Api::kQueryTask,
                                       Api::kQueryJob,
                                       Api::kListJob,
                                       Api::kQueryDeviceDistributeJob,
                                       Api::kQueryDeviceDistributeDetail};

const Mark* find_mark(const Stored& stored, const std::string& key) {
  for (const Mark& mark : stored.marks) {
    if (mark.key == key) return &mark;
  }
  return nullptr;
}
std::string success_of(Api api) {
  return kSuccess + std::string(name(api));
}

}  // namespace

Account::Account(const AccountConfig& config, const Stored& stored, Now now)
    : config_(config),
      scheduler_(config.pace),
      tracker_(config.name),
      jobs_(config.name, config.pace),
      distributions_(config.name),
      overdue_(config.name, stored.marks, now.wall) {
  for (const Api api : kSpent) {
    Budget budget{.limiter = {config.quota.at(api), config.quota_share, now.mono},
                  .last_success = {}};
    if (const Mark* success = find_mark(stored, success_of(api))) budget.last_success = success->at;
    budgets_.emplace(api, budget);
  }
  if (const Mark* alive = find_mark(stored, kAlive)) blind_.restore(alive->at, now);
  configure(config, stored, now);
}

void Account::watch(const InstanceConfig& instance, std::size_t number, const Stored& stored,
                    Now now) {
  std::unordered_map<std::string_view, const TaskRecord*> known;
  for (const TaskRecord& record : stored.records) known.emplace(record.key.task_id, &record);
  const auto context =
      std::make_shared<const TaskContext>(TaskContext{instance.name, instance.labels});
  for (const std::string& id : instance.tasks) {
    if (!home_.insert_or_assign(id, number).second) {
      tracker_.set_context(id, context);
      scheduler_.add(id, number, nullptr, now);
      continue;
    }
    const auto found = known.find(id);
    std::optional<TaskRecord> record;
    if (found != known.end()) record = *found->second;
    if (record) record->instance = instance.name;
    tracker_.watch(id, context, std::move(record), now);
    const auto held = tracker_.record(id);
    scheduler_.add(id, number, held ? &*held : nullptr, now);
    if (held) note_live(*held);
  }
}

std::vector<std::string> Account::configure(const AccountConfig& config, const Stored& stored,
                                            Now now) {
  std::unordered_set<std::string_view> listed;
  for (const InstanceConfig& instance : config.instances) {
    listed.insert(instance.tasks.begin(), instance.tasks.end());
  }
  std::vector<std::string> dropped;
  for (const auto& [id, number] : home_) {
    if (!listed.contains(id)) dropped.push_back(id);
  }
  for (const std::string& id : dropped) forget_task(id);

  reach_.configure(config);
  scheduler_.set_pace(config.pace);
  for (auto& [api, budget] : budgets_) {
    budget.limiter.configure(config.quota.at(api), config.quota_share);
    use(api, now);
  }
  config_ = config;
  pace_blind_watch();
  for (std::size_t i = 0; i < config.instances.size(); ++i) {
    watch(config.instances[i], i, stored, now);
  }
  for (const std::string& job : jobs_.configure(config, stored.jobs, tracker_, now)) {
    forget_job(job);
  }
  tracker_.set_job_contexts([this](const std::string& job) { return jobs_.context_of(job); });
  know(stored.records, now);
  distributions_.configure(config.distributions.ids, stored.distributions, config.pace.job, now);
  return dropped;
}

// Tells the planners whether the API may be called.
void Account::use(Api api, Now now) {
  const Budget& budget = budgets_.at(api);
  const bool usable = budget.limiter.in_use() && !budget.denied;
  if (api == Api::kQueryDeviceDistributeJob) distributions_.set_status_usable(usable, now);
  jobs_.set_usable(api, usable);
}

// Whether what is watched gives that API anything to do.
bool Account::needs(Api api) const {
  switch (api) {
    case Api::kQueryTask:
      return !home_.empty() || jobs_.any();
    case Api::kListTask:
    case Api::kQueryJobStatistics:
    case Api::kQueryJob:
    case Api::kListJob:
      return jobs_.any();
    case Api::kQueryDeviceDistributeJob:
    case Api::kQueryDeviceDistributeDetail:
      return distributions_.any();
  }
  return false;
}

// Stored tasks of watched jobs: they go on from there.
void Account::know(const std::vector<TaskRecord>& records, Now now) {
  std::unordered_set<std::string> jobs;
  for (const TaskRecord& record : records) {
    const std::string& job = record.last.job_id;
    const SharedContext* const context = jobs_.context_of(job);
    if (context == nullptr || is_explicit(record.key.task_id)) continue;
    tracker_.restore(record, *context, {now.mono, jobs_.since(job)});
    jobs.insert(job);
  }
  for (const std::string& job : jobs) jobs_.restored(job, tracker_);
}

// A call for it may be in flight; its answer will find nobody watching.
void Account::forget_task(const std::string& id) {
  const TaskRow* const row = tracker_.row(id);
  if (row != nullptr && row->seen) {
    TaskRecord last = *tracker_.record(id);
    last.gone = true;
    note_live(last);
  }
  const bool of_job = row != nullptr && row->seen && jobs_.watches(tracker_.table().job_id(*row));
  if (of_job) {
    tracker_.leave_to_job(id);
  } else {
    tracker_.unwatch(id);
  }
  scheduler_.remove(id);
  blind_.forget(id);
  home_.erase(id);
  failing_.erase(id);
  mending_.erase(id);
  touched_.erase(id);
}

void Account::forget_job(const std::string& job_id) {
  blind_.forget(job_id);
  failing_.erase(job_id);
  mending_.erase(job_id);
  tracker_.unwatch_job(job_id);
}

NextCall Account::next(Now now) {
  const std::vector<Mono> held = reach_.held();
  NextCall choice;
  for (const Api api : kSpent) {
    auto next = next_of(api, now, held);
    if (!next) continue;
    if (next->call) {
      next->call->iot_instance = reach_.instance(next->call->instance).name;
      return std::move(*next);
    }
    choice.wake = std::min(choice.wake, next->wake);
  }
  return choice;
}

// Nothing for an API that is not in use.
std::optional<NextCall> Account::next_of(Api api, Now now, const std::vector<Mono>& held) {
  const Budget& budget = budgets_.at(api);
  if (!budget.limiter.in_use()) return std::nullopt;
  NextCall next;
  next.wake = std::max(budget.limiter.next(), budget.denied_until);
  const bool free = next.wake <= now.mono;
  if (api != Api::kQueryTask) {
    if (!needs(api)) return std::nullopt;
    if (!free) return next;
    Call call;
    call.api = api;
    if (call.asks_distribution()) return next_distribution(std::move(call), now, held);
    return jobs_.next(api, now, held, tracker_);
  }
  if (!free) return next;
  next = jobs_.next(api, now, held, tracker_);
  if (next.call && job_turn_) return next;
  const Choice explicit_task = scheduler_.next(now, budget.limiter.rate(), held);
  if (!explicit_task.task_id) {
    next.wake = std::min(next.wake, explicit_task.wake);
    return next;
  }
  Call call;
  call.instance = home_.at(*explicit_task.task_id);
  call.task_id = *explicit_task.task_id;
  next.call = std::move(call);
  return next;
}

NextCall Account::next_distribution(Call call, Now now, const std::vector<Mono>& held) const {
  call.instance = reach_.size() - 1;  // the last place is the distribution endpoint
  NextCall next;
  const auto due = distributions_.next(call.api, now);
  next.wake = std::max(due.wake, held[call.instance]);
  if (!due.id || next.wake > now.mono) return next;
  call.distribution_id = *due.id;
  next.call = std::move(call);
  return next;
}

Endpoint Account::asked(const Call& call, Now now) {
  budgets_.at(call.api).limiter.sent(now.mono);
  reach_.asked(call.instance);
  if (call.asks_distribution()) {
    distributions_.asked(call.api, call.distribution_id);
  } else if (call.api == Api::kQueryTask && is_explicit(call.task_id)) {
    scheduler_.asked(call.task_id, now);
    job_turn_ = true;
  } else {
    jobs_.asked(call, now);
    if (call.api == Api::kQueryTask) job_turn_ = false;
  }
  return reach_.endpoint(call.instance);
}

// Enough explicit tasks of one job: its statistics and lists tell more than asking one by one.
void Account::note_live(const TaskRecord& record) {
  const std::string& job = record.last.job_id;
  const auto home = home_.find(record.key.task_id);
  if (job.empty() || home == home_.end()) return;
  auto& live = live_[job];
  const std::size_t before = live.size();
  if (is_finished(record.last.status) || record.gone || record.superseded) {
    live.erase(record.key.task_id);
  } else {
    live.insert(record.key.task_id);
  }
  if (live.size() != before) jobs_.assist(job, home->second, live.size());
  if (live.empty()) live_.erase(job);
}

std::vector<std::string> Account::unfinished() const {
  std::vector<std::string> ids;
  for (const auto& [id, number] : home_) {
    const TaskRow* const row = tracker_.row(id);
    const bool live = row != nullptr && row->seen && !row->gone && !row->superseded;
    if (live && !is_finished(row->status)) ids.push_back(id);
  }
  for (std::string& job : jobs_.job_ids()) {
    if (!jobs_.planner().finished(job)) ids.push_back(std::move(job));
  }
  return ids;
}

void Account::pace_blind_watch() {
  double rate = 0;
  for (const auto& [api, budget] : budgets_) {
    rate = std::max(rate, budget.limiter.configured_rate());
  }
  const Duration gap = rate > 0 ? from_seconds(1 / rate) : Duration::zero();
  blind_.set_pace(std::max(gap, config_.pace.task));
}

std::vector<Event> Account::no_keys(const Call& call, const std::string& why, Now now) {
  reach_.ended(call.iot_instance);
  mending_.erase(call.mark());
  retry_later(call, now.mono + kKeysRetry);
  for (auto& [api, budget] : budgets_) budget.limiter.hold_until(now.mono + kKeysRetry);
  if (!reach_.no_keys(now)) return {};
  return {taskwatchd::no_keys(now.wall, config_.name, why)};
}

void Account::ask_again(const Call& call, bool sent, Now now) {
  reach_.ended(call.iot_instance);
  if (sent) mending_.insert(call.mark());
  retry_later(call, now.mono);
}

Commit Account::refresh(Now now) {
  jobs_.look_ahead(tracker_, now);
  Commit commit;
  for (const std::string& id : touched_) {
    if (const auto record = tracker_.record(id)) commit.records.push_back(*record);
  }
  touched_.clear();
  commit.jobs = jobs_.refresh();
  overdue_.report(config_.instances, tracker_, now.wall, commit);
  if (commit.empty()) return commit;
  for (const auto& [api, budget] : budgets_) {
    if (budget.last_success) {
      commit.marks.push_back({config_.name, success_of(api), *budget.last_success});
    }
  }
  if (blind_.last_good()) commit.marks.push_back({config_.name, kAlive, *blind_.last_good()});
  return commit;
}

}  // namespace taskwatchd
