#include "core/tracker.h"

#include <cassert>

#include "core/task_events.h"

namespace taskwatchd {
namespace {

constexpr int kAgreeing = 3;  // replies running, before a refused state or an absence is believed
constexpr Duration kAgreeingSpan = std::chrono::seconds(60);
constexpr Duration kGoneSpan = std::chrono::minutes(2);

bool is_rerun(TaskStatus from, TaskStatus to) {
  // RerunJob takes up FAILED and TIMED_OUT tasks; whatever follows belongs to the next attempt.
  const bool revivable = from == TaskStatus::kFailed || from == TaskStatus::kTimedOut;
  return revivable && to != from && to != TaskStatus::kUnknown;
}

bool goes_back(TaskStatus from, TaskStatus to) {
  if (from == TaskStatus::kUnknown || to == TaskStatus::kUnknown) return false;
  return rank(to) < rank(from) && !is_rerun(from, to);
}

std::string device_key(const TaskReply& reply) {
  if (reply.product_key.empty() || reply.device_name.empty()) return {};
  return reply.job_id + '\n' + reply.product_key + '\n' + reply.device_name;
}

bool same(const TaskReply& a, const TaskReply& b) {
  return a.status == b.status && a.status_text == b.status_text && a.progress == b.progress &&
         a.message == b.message && a.status_detail == b.status_detail && a.modified == b.modified &&
         a.queued == b.queued && a.job_name == b.job_name && a.device_name == b.device_name &&
         a.product_key == b.product_key;
}

}  // namespace

std::vector<TaskStatus> inferred_steps(TaskStatus from, TaskStatus to) {
  using enum TaskStatus;
  int first = is_finished(from) ? 0 : rank(from) + 1;  // ranks passed lie in [first, last]
  int last = rank(to) - 1;
  if (from == kUnknown || to == kUnknown || to == kCancelled) return {};
  if (to == kRejected) last = 1;
  std::vector<TaskStatus> steps;
  for (const TaskStatus step : {kQueued, kSent, kInProgress}) {
    if (rank(step) >= first && rank(step) <= last) steps.push_back(step);
  }
  return steps;
}

void Tracker::watch(const std::string& task_id, TaskContext context,
                    std::optional<TaskRecord> known, Now since) {
  if (tasks_.contains(task_id)) return;
  Watched task;
  task.context = std::move(context);
  task.since = since.wall;
  if (known) {
    known->instance = task.context.instance;
    task.gone = known->gone;
    const std::string device = device_key(known->last);
    if (!device.empty() && !known->superseded) by_device_[device] = task_id;
  }
  task.record = std::move(known);
  tasks_.emplace(task_id, std::move(task));
}

void Tracker::set_context(const std::string& task_id, TaskContext context) {
  const auto it = tasks_.find(task_id);
  if (it == tasks_.end()) return;
  it->second.context = std::move(context);
  if (it->second.record) it->second.record->instance = it->second.context.instance;
}

void Tracker::unwatch(const std::string& task_id) {
  const auto it = tasks_.find(task_id);
  if (it == tasks_.end()) return;
  if (it->second.record) leave_device(*it->second.record);
  tasks_.erase(it);
}

// No entry of by_device_ may name a task that is not watched, or one of another device.
void Tracker::leave_device(const TaskRecord& record) {
  const auto device = by_device_.find(device_key(record.last));
  if (device != by_device_.end() && device->second == record.key.task_id) by_device_.erase(device);
}

Observation Tracker::observe(const std::string& task_id, const TaskReply& reply, Now now) {
  const auto it = tasks_.find(task_id);
  assert(it != tasks_.end());
  Watched& task = it->second;
  Observation out;
  if (reply.task_id != task_id) {
    out.anomalies.push_back(Anomaly::kWrongTaskId);
    return out;
  }
  task.not_found = 0;
  if (!task.record) {
    first_sight(task, reply, now, out);
  } else {
    const TaskReply& held = task.record->last;
    const bool older = reply.modified < held.modified;
    const bool earlier = reply.modified == held.modified && reply.status != held.status &&
                         rank(reply.status) <= rank(held.status) &&
                         held.status != TaskStatus::kUnknown;
    if (!older && !earlier) {
      update(task, reply, now, false, out);
    } else if (refuse(task, reply, now, out)) {
      update(task, reply, now, true, out);
    }
  }
  if (out.believed) {
    task.refused = {};
    task.gone = false;
  }
  return out;
}

// True once enough replies running, over long enough, agree on the state that was refused.
bool Tracker::refuse(Watched& task, const TaskReply& reply, Now now, Observation& out) {
  Refused& refused = task.refused;
  if (refused.count == 0 || refused.status != reply.status) {
    refused = {.status = reply.status, .count = 0, .since = now.mono};
  }
  ++refused.count;
  if (refused.count >= kAgreeing && now.mono - refused.since >= kAgreeingSpan) return true;
  out.anomalies.push_back(Anomaly::kStaleReply);
  return false;
}

void Tracker::first_sight(Watched& task, const TaskReply& reply, Now now, Observation& out) {
  TaskRecord record;
  record.key = {account_, reply.task_id};
  record.instance = task.context.instance;
  record.last = reply;
  record.first_seen = record.last_seen = now.wall;
  const bool changed = reply.modified >= task.since;

  out.believed = true;
  out.events.push_back(task_baseline(record, now.wall, changed, task.context.labels));
  out.counters.push_back({{account_, reply.job_id, Counter::kFirstSeen, reply.status}});
  if (reply.status == TaskStatus::kUnknown) out.anomalies.push_back(Anomaly::kUnknownStatus);
  task.record = record;
  out.changes.push_back(
      {.record = std::move(record), .first_sight = true, .changed_while_watched = changed});
  supersede(*task.record, now, out);
}

void Tracker::update(Watched& task, const TaskReply& reply, Now now, bool regressed,
                     Observation& out) {
  TaskRecord& record = *task.record;
  const TaskReply before = record.last;
  // A failed task that was queued anew and failed again shows only in its queue time.
  const bool queued_anew = is_bad(before.status) && reply.queued > before.queued;
  const bool moved = reply.status != before.status || queued_anew;
  const bool was_gone = record.gone;
  const bool other_device = device_key(before) != device_key(reply);
  if (other_device) leave_device(record);
  const bool placed_anew = other_device || before.queued != reply.queued;

  out.believed = true;
  TransitionFacts facts{.from = before.status,
                        .observed_at = now.wall,
                        .not_before = record.last_seen,
                        .regression = regressed || goes_back(before.status, reply.status)};
  record.last = reply;
  record.last_seen = now.wall;
  record.gone = false;
  if (!moved) {
    if (!same(before, reply) || was_gone) out.changes.push_back({.record = record});
    if (placed_anew) supersede(record, now, out);
    return;
  }

  if (queued_anew || is_rerun(before.status, reply.status)) ++record.attempt;
  if (facts.regression) out.anomalies.push_back(Anomaly::kRegression);
  if (reply.status == TaskStatus::kUnknown) out.anomalies.push_back(Anomaly::kUnknownStatus);

  TaskChange change{.changed_while_watched = true, .from = before.status};
  if (before.status == TaskStatus::kQueued && reply.status == TaskStatus::kSent) {
    change.queue_wait = reply.modified - reply.queued;
  }
  if (is_finished(reply.status)) {
    if (record.started) change.execution = reply.modified - *record.started;
    record.started.reset();
  } else if (reply.status == TaskStatus::kInProgress) {
    record.started = reply.modified;
  } else {
    record.started.reset();
  }
  change.record = record;
  out.events.push_back(task_transition(record, facts, task.context.labels));
  out.counters.push_back({{account_, reply.job_id, Counter::kTransitions, reply.status}});
  out.changes.push_back(std::move(change));
  if (placed_anew) supersede(record, now, out);
}

// A rerun may make a new task for the same job and device: the one queued later is the live one.
void Tracker::supersede(const TaskRecord& newer, Now now, Observation& out) {
  const std::string device = device_key(newer.last);
  if (device.empty()) return;
  const auto [it, fresh] = by_device_.try_emplace(device, newer.key.task_id);
  if (fresh || it->second == newer.key.task_id) return;
  Watched& other = tasks_.at(it->second);
  Watched& self = tasks_.at(newer.key.task_id);
  if (newer.last.queued == other.record->last.queued) return;
  const bool self_is_newer = newer.last.queued > other.record->last.queued;
  Watched& loser = self_is_newer ? other : self;
  Watched& winner = self_is_newer ? self : other;
  it->second = winner.record->key.task_id;
  if (winner.record->superseded) {  // a rerun took it up again
    winner.record->superseded = false;
    out.changes.push_back({.record = *winner.record});
  }
  if (loser.record->superseded) return;
  loser.record->superseded = true;
  out.events.push_back(
      task_superseded(*loser.record, *winner.record, now.wall, loser.context.labels));
  out.changes.push_back({.record = *loser.record});
}

Observation Tracker::not_found(const std::string& task_id, Now now) {
  Observation out;
  const auto it = tasks_.find(task_id);
  assert(it != tasks_.end());
  Watched& task = it->second;
  if (task.gone) return out;
  if (task.not_found == 0) task.not_found_since = now.mono;
  ++task.not_found;
  if (task.not_found < kAgreeing || now.mono - task.not_found_since < kGoneSpan) return out;

  task.gone = true;
  const TaskKey key{account_, task_id};
  if (task.record) {
    task.record->gone = true;
    out.changes.push_back({.record = *task.record});
  }
  out.events.push_back(task_gone(key, task.context.instance, task.record ? &*task.record : nullptr,
                                 now.wall, task.context.labels));
  return out;
}

const TaskRecord* Tracker::record(const std::string& task_id) const {
  const auto it = tasks_.find(task_id);
  return it == tasks_.end() || !it->second.record ? nullptr : &*it->second.record;
}

bool Tracker::is_gone(const std::string& task_id) const {
  const auto it = tasks_.find(task_id);
  return it != tasks_.end() && it->second.gone;
}

std::vector<std::string> Tracker::task_ids() const {
  std::vector<std::string> ids;
  ids.reserve(tasks_.size());
  for (const auto& [id, task] : tasks_) ids.push_back(id);
  return ids;
}

}  // namespace taskwatchd
