#include "account/explicit_tasks.h"

#include <memory>
#include <string_view>

#include "core/events/task_events.h"

namespace taskwatchd {

void ExplicitTasks::watch(const InstanceConfig& instance, const Stored& stored, Now now) {
  if (instance.tasks.empty()) return;  // the records are those of jobs
  std::unordered_map<std::string_view, const TaskRecord*> known;
  for (const TaskRecord& record : stored.records) known.emplace(record.key.task_id, &record);
  const auto context =
      std::make_shared<const TaskContext>(TaskContext{instance.name, instance.labels});
  const auto home = std::make_shared<const std::string>(instance.name);
  for (const std::string& id : instance.tasks) {
    if (!homes_.insert_or_assign(id, home).second) {
      tracker_.set_context(id, context);
      scheduler_.add(id, instance.name, nullptr, now);
      continue;
    }
    const auto found = known.find(id);
    std::optional<TaskRecord> record;
    if (found != known.end()) record = *found->second;
    if (record) record->instance = instance.name;
    tracker_.watch(id, context, std::move(record), now);
    const auto held = tracker_.record(id);
    scheduler_.add(id, instance.name, held ? &*held : nullptr, now);
    if (held) note_live(*held);
  }
}

std::vector<std::string> ExplicitTasks::configure(const AccountConfig& config, const Stored& stored,
                                                  Now now) {
  std::unordered_set<std::string_view> listed;
  for (const InstanceConfig& instance : config.instances) {
    listed.insert(instance.tasks.begin(), instance.tasks.end());
  }
  std::vector<std::string> dropped;
  for (const auto& [id, home] : homes_) {
    if (!listed.contains(id)) dropped.push_back(id);
  }
  for (const std::string& id : dropped) forget(id);
  scheduler_.set_pace(config.pace);
  for (const InstanceConfig& instance : config.instances) watch(instance, stored, now);
  return dropped;
}

void ExplicitTasks::finish_configure() {
  std::vector<std::string> jobs;
  for (const auto& [job, tasks] : live_) jobs.push_back(job);
  for (const std::string& job : jobs) assist(job);
}

// A call for the task may be in flight: its response will be ignored.
void ExplicitTasks::forget(const std::string& id) {
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
  homes_.erase(id);
  seen_.erase(id);
}

NextCall ExplicitTasks::next(Api api, Now now, double rate, const Gates& gates) {
  NextCall next;
  if (api != Api::kQueryTask) return next;
  const Choice choice = scheduler_.next(now, rate, gates);
  next.wake = choice.wake;
  if (!choice.task_id) return next;
  Call call;
  call.api = api;
  call.owner = CallOwner::kTasks;
  call.iot_instance = instance_of(*choice.task_id);
  call.task_id = *choice.task_id;
  next.call = std::move(call);
  return next;
}

void ExplicitTasks::on_sent(const Call& call, Now now) {
  scheduler_.on_sent(call.task_id, call.number, now);
}

void ExplicitTasks::on_response(const Call& call, const Outcome& reply, Now now, CallEffects& out) {
  const std::string& id = call.task_id;
  // Removed meanwhile, or left to its job, which applies the response like any other.
  if (!tracker_.watches(id)) return;
  jobs_.on_task(id, std::get<TaskReply>(reply), now, out);
  if (!watches(id)) return;
  scheduler_.on_response(id, call.number, *tracker_.record(id), now);
  seen_.insert(id);
}

void ExplicitTasks::on_failure(const Call& call, const CallFailure& failure, Now now,
                               CallEffects& out) {
  const std::string& id = call.task_id;
  if (!watches(id)) return;
  scheduler_.on_failure(id, call.number, failure.retry_at);
  if (failure.kind != CallFailure::Kind::kAbsent) return;
  out.observation.add(tracker_.not_found(id, now));
  if (tracker_.is_gone(id)) scheduler_.set_gone(id, now);
}

bool ExplicitTasks::has_seen(const Call& call) const {
  const TaskRow* const row = tracker_.row(call.task_id);
  return row != nullptr && row->seen;
}

void ExplicitTasks::notice(const std::string& task_id, Now now) {
  if (!watches(task_id)) return;
  if (const auto record = tracker_.record(task_id)) scheduler_.noticed(task_id, *record, now);
}

// With enough explicit tasks in one job, its statistics and lists yield more than single polls.
void ExplicitTasks::note_live(const TaskRecord& record) {
  const std::string& job = record.last.job_id;
  const std::string& id = record.key.task_id;
  if (job.empty() || !watches(id)) return;
  auto& live = live_[job];
  const std::size_t before = live.size();
  if (is_finished(record.last.status) || record.gone || record.superseded) {
    live.erase(id);
  } else {
    live.insert(id);
  }
  if (live.size() != before) assist(job);
  if (live.empty()) live_.erase(job);
}

// A job belongs to one instance; if its tasks are listed under several, any of these will do.
void ExplicitTasks::assist(const std::string& job_id) {
  const auto& live = live_.at(job_id);
  jobs_.assist(job_id, live.empty() ? std::string() : instance_of(*live.begin()), live.size());
}

std::vector<TaskRecord> ExplicitTasks::take_seen() {
  std::vector<TaskRecord> records;
  for (const std::string& id : seen_) {
    if (auto record = tracker_.record(id)) records.push_back(*std::move(record));
  }
  seen_.clear();
  return records;
}

std::vector<std::string> ExplicitTasks::unfinished() const {
  std::vector<std::string> ids;
  for (const auto& [id, home] : homes_) {
    const TaskRow* const row = tracker_.row(id);
    const bool live = row != nullptr && row->seen && !row->gone && !row->superseded;
    if (live && !is_finished(row->status)) ids.push_back(id);
  }
  return ids;
}

}  // namespace taskwatchd
