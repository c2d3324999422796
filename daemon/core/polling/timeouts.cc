#include "core/polling/timeouts.h"

#include <algorithm>

namespace taskwatchd {
void Timeouts::expect(TaskTable::Slot slot, const TaskRow& row, Duration timeout) {
  if (row.status != TaskStatus::kInProgress || expected_.size() >= kExpectedMax) return;
  // If the start time is unknown: the last modification, which is not earlier.
  const Wall began = row.started != Wall::min() ? row.started : row.modified;
  expected_.push({began + std::chrono::duration_cast<std::chrono::milliseconds>(timeout), slot});
}

std::vector<std::string> Timeouts::reach(Now now, const TaskTable& table) {
  std::vector<std::string> jobs;
  for (; !expected_.empty() && expected_.top().at <= now.wall; expected_.pop()) {
    const TaskRow& row = table.row(expected_.top().slot);  // may be another task's by now: harmless
    if (!row.seen || row.gone || row.explicit_id || row.status != TaskStatus::kInProgress) continue;
    jobs.push_back(table.job_id(row));
    if (due_.size() >= kDueMax || is_due(row.id)) continue;
    due_.push_back(
        {.task_id = row.id, .job_id = jobs.back(), .reached = now.mono, .running = now.mono});
  }
  return jobs;
}

void Timeouts::counted(const std::string& job_id, bool more, Mono now) {
  for (Due& due : due_) {
    if (due.job_id != job_id) continue;
    if (more) {
      due.one_more = true;
    } else if (!due.one_more) {
      due.running = now;
    }
  }
}

Mono Timeouts::next_poll_at(const Due& due, Duration min_interval) const {
  const Mono asked = due.poll.sent_at();
  Mono at = due.running + std::max(kEvery, min_interval);
  if (due.one_more) at = asked == Mono::min() ? asked : asked + min_interval;
  return std::max(at, due.poll.ready());
}

NextCall Timeouts::next(Now now, Duration min_interval, const Gates& gates, const TaskTable& table,
                        const InstanceOf& instance_of) {
  std::erase_if(due_, [&](const Due& due) {
    const auto slot = table.find(due.task_id);
    const bool watched = slot && instance_of(due.job_id) != nullptr;
    if (!watched || now.mono - due.reached > kLate) return true;
    const TaskRow& row = table.row(*slot);
    return row.gone || row.explicit_id || row.status != TaskStatus::kInProgress;
  });
  NextCall next;
  if (!expected_.empty()) {
    next.wake = now.mono + std::max<Duration>(expected_.top().at - now.wall, Duration::zero());
  }
  const Due* first = nullptr;
  for (const Due& due : due_) {
    const Mono when =
        std::max(next_poll_at(due, min_interval), gates.until(*instance_of(due.job_id)));
    if (when > now.mono) {
      next.wake = std::min(next.wake, when);
    } else if (first == nullptr || due.poll.sent_at() < first->poll.sent_at()) {
      first = &due;
    }
  }
  if (first == nullptr) return next;
  Call call;
  call.owner = CallOwner::kJobs;
  call.iot_instance = *instance_of(first->job_id);
  call.task_id = first->task_id;
  next.call = std::move(call);
  return next;
}

void Timeouts::on_sent(const Call& call, Mono now) {
  Due* const due = find(call.task_id);
  if (due == nullptr) return;
  due->one_more = false;
  due->poll.on_sent(call.number, now);
}

void Timeouts::on_response(const Call& call) {
  Due* const due = find(call.task_id);
  if (due == nullptr || !due->poll.is_unanswered()) return;
  due->poll.on_response(call.number);
  due->running = std::max(due->running, due->poll.sent_at());
}

void Timeouts::on_failure(const Call& call, Mono retry_at) {
  if (Due* const due = find(call.task_id)) due->poll.on_failure(call.number, retry_at);
}

bool Timeouts::is_due(const std::string& task_id) const {
  return find(task_id) != nullptr;
}

bool Timeouts::in_flight(const std::string& task_id, Mono now) const {
  const Due* const due = find(task_id);
  return due != nullptr && due->poll.is_waiting(now);
}

const Timeouts::Due* Timeouts::find(const std::string& task_id) const {
  const auto found = std::find_if(due_.begin(), due_.end(),
                                  [&](const Due& due) { return due.task_id == task_id; });
  return found == due_.end() ? nullptr : &*found;
}

Timeouts::Due* Timeouts::find(const std::string& task_id) {
  return const_cast<Due*>(std::as_const(*this).find(task_id));
}

}  // namespace taskwatchd
