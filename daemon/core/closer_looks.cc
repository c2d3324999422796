#include "core/closer_looks.h"

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

NextCall CloserLooks::next(
    Mono now, const std::vector<Mono>& held, const TaskTable& table,
    const std::function<std::optional<std::size_t>(const std::string& job)>& instance_of) {
  NextCall next;
  for (std::size_t tries = waiting_.size(); tries > 0; --tries) {
    const Look look = waiting_.front();
    const auto slot = table.find(look.task_id);
    std::optional<std::size_t> instance;
    if (slot && table.row(*slot).seen) instance = instance_of(table.job_id(table.row(*slot)));
    if (!instance || !is_worth_it(table.row(*slot), look.why)) {
      known_.erase(look.task_id);
      waiting_.pop_front();
      continue;
    }
    if (held[*instance] > now) {
      next.wake = std::min(next.wake, held[*instance]);
      waiting_.pop_front();
      waiting_.push_back(look);
      continue;
    }
    Call call;
    call.instance = *instance;
    call.task_id = look.task_id;
    next.call = std::move(call);
    break;
  }
  return next;
}

void CloserLooks::asked(const std::string& task_id) {
  if (!known_.contains(task_id)) return;
  const auto at = std::find_if(waiting_.begin(), waiting_.end(),
                               [&](const Look& look) { return look.task_id == task_id; });
  if (at != waiting_.end()) waiting_.erase(at);
}

void CloserLooks::over(const std::string& task_id, bool well) {
  if (!known_.contains(task_id)) return;
  if (well) {
    known_.erase(task_id);
  } else {
    waiting_.push_back({task_id, Why::kSurplus});
  }
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

bool CloserLooks::in_flight(const std::string& task_id) const {
  if (!known_.contains(task_id)) return false;
  return std::none_of(waiting_.begin(), waiting_.end(),
                      [&](const Look& look) { return look.task_id == task_id; });
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
