#include "core/polling/closer_looks.h"

#include <algorithm>

namespace taskwatchd {

void CloserLooks::want(const std::string& task_id, Why why) {
  if (waiting_.size() >= kMax || !known_.insert(task_id).second) return;
  if (why == Why::kLeft) {
    waiting_.push_back({task_id, why});
  } else {
    waiting_.push_front({task_id, why});
  }
}

bool CloserLooks::is_worth_it(const TaskRow& row, Why why) {
  // Tasks named by id have a pace of their own, and may be being asked.
  if (row.gone || row.explicit_id) return false;
  if (why == Why::kWords) return is_bad(row.status) && row.words == nullptr;
  return why == Why::kSurplus || !is_finished(row.status);
}

NextCall CloserLooks::next(Mono now, const Gates& gates, const TaskTable& table,
                           const InstanceOf& instance_of) {
  ask_again_what_is_unanswered(now);
  NextCall next;
  for (std::size_t tries = waiting_.size(); tries > 0; --tries) {
    const Look look = waiting_.front();
    const auto slot = table.find(look.task_id);
    const std::string* instance = nullptr;
    if (slot && table.row(*slot).seen) instance = instance_of(table.job_id(table.row(*slot)));
    if (instance == nullptr || !is_worth_it(table.row(*slot), look.why)) {
      known_.erase(look.task_id);
      waiting_.pop_front();
      continue;
    }
    const Mono when = std::max(look.not_before, gates.until(*instance));
    if (when > now) {
      next.wake = std::min(next.wake, when);
      waiting_.pop_front();
      waiting_.push_back(look);
      continue;
    }
    Call call;
    call.owner = CallOwner::kJobs;
    call.iot_instance = *instance;
    call.task_id = look.task_id;
    next.call = std::move(call);
    break;
  }
  return next;
}

void CloserLooks::ask_again_what_is_unanswered(Mono now) {
  for (auto& [id, asking] : asking_) {
    if (asking.waits_again || now < asking.sent_at + PollSlot::kPatience) continue;
    asking.waits_again = true;
    waiting_.push_front({id, asking.why});
  }
}

bool CloserLooks::take_from_waiting(const std::string& task_id, Look& look) {
  const auto at = std::find_if(waiting_.begin(), waiting_.end(),
                               [&](const Look& one) { return one.task_id == task_id; });
  if (at == waiting_.end()) return false;
  look = std::move(*at);
  waiting_.erase(at);
  return true;
}

void CloserLooks::on_sent(const std::string& task_id, Mono now) {
  Look look;
  if (!known_.contains(task_id) || !take_from_waiting(task_id, look)) return;
  asking_[task_id] = {.why = look.why, .sent_at = now};
}

void CloserLooks::on_answer(const std::string& task_id) {
  const auto asked = asking_.find(task_id);
  if (asked == asking_.end()) return;
  Look look;
  if (asked->second.waits_again) take_from_waiting(task_id, look);
  asking_.erase(asked);
  known_.erase(task_id);
}

void CloserLooks::on_failure(const std::string& task_id, Mono retry_at) {
  const auto asked = asking_.find(task_id);
  if (asked == asking_.end()) return;
  if (!asked->second.waits_again) waiting_.push_back({task_id, asked->second.why, retry_at});
  asking_.erase(asked);
}

std::optional<CloserLooks::Why> CloserLooks::waits(const std::string& task_id,
                                                   const TaskTable& table) const {
  const auto slot = table.find(task_id);
  if (!slot || !known_.contains(task_id)) return std::nullopt;
  for (const Look& look : waiting_) {
    if (look.task_id != task_id) continue;
    if (!is_worth_it(table.row(*slot), look.why)) return std::nullopt;
    return look.why;
  }
  return std::nullopt;
}

void CloserLooks::want_those_who_left(const std::string& job_id, Wall began,
                                      const TaskTable& table) {
  table.for_each([&](const TaskRow& row) {
    if (row.status != TaskStatus::kInProgress || !row.seen || row.gone) return;
    if (row.last_seen < began && table.job_id(row) == job_id) want(row.id, Why::kLeft);
  });
}

void CloserLooks::want_surplus(const std::string& job_id, TaskStatus status,
                               const TaskTable& table) {
  std::vector<std::pair<Wall, std::string>> oldest;
  table.for_each([&](const TaskRow& row) {
    if (!row.seen || row.gone || row.status != status || table.job_id(row) != job_id) return;
    oldest.emplace_back(row.last_seen, row.id);
  });
  const std::size_t some = std::min(oldest.size(), kSurplusTasks);
  std::partial_sort(oldest.begin(), oldest.begin() + static_cast<std::ptrdiff_t>(some),
                    oldest.end());
  for (std::size_t i = 0; i < some; ++i) want(oldest[i].second, Why::kSurplus);
}

}  // namespace taskwatchd
