#include "core/polling/detail_queue.h"

#include <algorithm>
#include <queue>
#include <string_view>
#include <utility>
#include <vector>

namespace taskwatchd {

void DetailQueue::want(const std::string& task_id, Why why) {
  if (waiting_.size() >= kMax || !known_.insert(task_id).second) return;
  if (why == Why::kLeftList) {
    waiting_.push_back({task_id, why});
  } else {
    waiting_.push_front({task_id, why});
  }
}

bool DetailQueue::is_still_useful(const TaskRow& row, Why why) {
  // Tasks named by id have a pace of their own, and may be being asked.
  if (row.gone || row.explicit_id) return false;
  if (why == Why::kMessageWanted) return is_bad(row.status) && row.device_message == nullptr;
  return why == Why::kExcessTasks || !is_finished(row.status);
}

NextCall DetailQueue::next(Mono now, const Gates& gates, const TaskTable& table,
                           const InstanceOf& instance_of) {
  requeue_unanswered(now);
  NextCall next;
  for (std::size_t tries = waiting_.size(); tries > 0; --tries) {
    const Entry entry = waiting_.front();
    const auto slot = table.find(entry.task_id);
    const std::string* instance = nullptr;
    if (slot && table.row(*slot).seen) instance = instance_of(table.job_id(table.row(*slot)));
    if (instance == nullptr || !is_still_useful(table.row(*slot), entry.why)) {
      known_.erase(entry.task_id);
      waiting_.pop_front();
      continue;
    }
    const Mono when = std::max(entry.not_before, gates.until(*instance));
    if (when > now) {
      next.wake = std::min(next.wake, when);
      waiting_.pop_front();
      waiting_.push_back(entry);
      continue;
    }
    Call call;
    call.owner = CallOwner::kJobs;
    call.iot_instance = *instance;
    call.task_id = entry.task_id;
    next.call = std::move(call);
    break;
  }
  return next;
}

void DetailQueue::requeue_unanswered(Mono now) {
  for (auto& [id, in_flight] : in_flight_) {
    if (in_flight.waits_again || now < in_flight.sent_at + PollSlot::kPatience) continue;
    in_flight.waits_again = true;
    waiting_.push_front({id, in_flight.why});
  }
}

bool DetailQueue::take_from_waiting(const std::string& task_id, Entry& entry) {
  const auto at = std::find_if(waiting_.begin(), waiting_.end(),
                               [&](const Entry& one) { return one.task_id == task_id; });
  if (at == waiting_.end()) return false;
  entry = std::move(*at);
  waiting_.erase(at);
  return true;
}

void DetailQueue::on_sent(const std::string& task_id, Mono now) {
  Entry entry;
  if (!known_.contains(task_id) || !take_from_waiting(task_id, entry)) return;
  in_flight_[task_id] = {.why = entry.why, .sent_at = now};
}

void DetailQueue::on_response(const std::string& task_id) {
  const auto asked = in_flight_.find(task_id);
  if (asked == in_flight_.end()) return;
  Entry entry;
  if (asked->second.waits_again) take_from_waiting(task_id, entry);
  in_flight_.erase(asked);
  known_.erase(task_id);
}

void DetailQueue::on_failure(const std::string& task_id, Mono retry_at) {
  const auto asked = in_flight_.find(task_id);
  if (asked == in_flight_.end()) return;
  if (!asked->second.waits_again) waiting_.push_back({task_id, asked->second.why, retry_at});
  in_flight_.erase(asked);
}

std::optional<DetailQueue::Why> DetailQueue::waits(const std::string& task_id,
                                                   const TaskTable& table) const {
  const auto slot = table.find(task_id);
  if (!slot || !known_.contains(task_id)) return std::nullopt;
  for (const Entry& entry : waiting_) {
    if (entry.task_id != task_id) continue;
    if (!is_still_useful(table.row(*slot), entry.why)) return std::nullopt;
    return entry.why;
  }
  return std::nullopt;
}

void DetailQueue::want_unlisted(const std::string& job_id, Wall began, const TaskTable& table) {
  table.for_each(job_id, TaskStatus::kInProgress, [&](const TaskRow& row) {
    if (row.last_seen < began) want(row.id, Why::kLeftList);
  });
}

void DetailQueue::want_excess(const std::string& job_id, TaskStatus status,
                              const TaskTable& table) {
  using Seen = std::pair<Wall, std::string_view>;
  std::priority_queue<Seen> oldest;  // the newest of them is on top
  table.for_each(job_id, status, [&](const TaskRow& row) {
    const Seen one(row.last_seen, row.id);
    if (oldest.size() == kMaxExcessPolls) {
      if (oldest.top() < one) return;
      oldest.pop();
    }
    oldest.push(one);
  });
  std::vector<std::string_view> ids;
  for (; !oldest.empty(); oldest.pop()) ids.push_back(oldest.top().second);
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) want(std::string(*id), Why::kExcessTasks);
}

}  // namespace taskwatchd
