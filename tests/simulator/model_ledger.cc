#include "simulator/model_ledger.h"

#include <algorithm>
#include <tuple>

#include "simulator/model_world.h"

namespace iotsim {

TaskLedger::TaskLedger(World& world, const std::vector<Task*>& tasks, bool progress_bumps)
    : progress_bumps_(progress_bumps), by_id_(tasks.begin(), tasks.end()) {
  std::sort(by_id_.begin(), by_id_.end(),
            [](const Task* a, const Task* b) { return a->id < b->id; });
  for (std::uint32_t rank = 0; rank < by_id_.size(); ++rank) add_events(world, rank);
  // Stable, so that events of one task in the same millisecond keep their order.
  std::stable_sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
    return std::tie(a.at_ms, a.rank) < std::tie(b.at_ms, b.rank);
  });
  std::vector<std::uint32_t> last(by_id_.size(), kNoEvent);
  for (std::uint32_t i = 0; i < events_.size(); ++i) {
    events_[i].previous = last[events_[i].rank];
    last[events_[i].rank] = i;
  }
  for (List& list : lists_) list = {Bits(by_id_.size()), Bits(events_.size())};
}

// Adds the events that change a task's status or its UtcModified.
void TaskLedger::add_events(World& world, std::uint32_t rank) {
  const Task& task = *by_id_[rank];
  const Step* before = nullptr;
  for (const Step& step : world.history(task)) {
    if (step.at_ms >= task.removed_ms) break;
    const bool same =
        before != nullptr && before->status == step.status && before->attempt == step.attempt;
    before = &step;
    if (same && !progress_bumps_) continue;
    events_.push_back({step.at_ms, rank, kNoEvent, static_cast<std::uint8_t>(step.status)});
  }
  if (task.removed_ms != kNever) events_.push_back({task.removed_ms, rank, kNoEvent, kGone});
}

void TaskLedger::enter(std::uint32_t event) {
  const Event& e = events_[event];
  if (e.status == kGone) {
    ++gone_;
    return;
  }
  for (List* const list : {&lists_[e.status], &lists_[kAll]}) {
    list->by_id.set(e.rank);
    list->by_time.set(event);
  }
}

void TaskLedger::leave(std::uint32_t event) {
  const Event& e = events_[event];
  if (e.status == kGone) {
    --gone_;
    return;
  }
  for (List* const list : {&lists_[e.status], &lists_[kAll]}) {
    list->by_id.clear(e.rank);
    list->by_time.clear(event);
  }
}

void TaskLedger::move_to(std::int64_t t) {
  for (; cursor_ < events_.size() && events_[cursor_].at_ms <= t; ++cursor_) {
    const Event& e = events_[cursor_];
    if (e.previous != kNoEvent) leave(e.previous);
    enter(static_cast<std::uint32_t>(cursor_));
  }
  for (; cursor_ > 0 && events_[cursor_ - 1].at_ms > t; --cursor_) {
    const Event& e = events_[cursor_ - 1];
    leave(static_cast<std::uint32_t>(cursor_ - 1));
    if (e.previous != kNoEvent) enter(e.previous);
  }
}

std::size_t TaskLedger::unfinished() const {
  std::size_t ended = gone_;
  for (std::size_t i = 0; i < kStatusWords.size(); ++i) {
    if (is_finished(static_cast<Status>(i))) ended += lists_[i].by_id.count();
  }
  return by_id_.size() - ended;
}

std::size_t TaskLedger::after(Filter status, ListOrder order, const ListKey& key) const {
  const auto found =
      std::lower_bound(by_id_.begin(), by_id_.end(), key.task_id,
                       [](const Task* task, const std::string& id) { return task->id < id; });
  const auto rank = static_cast<std::uint32_t>(found - by_id_.begin());
  const std::uint32_t beyond =
      found != by_id_.end() && (*found)->id == key.task_id ? rank + 1 : rank;
  if (order == ListOrder::kId) return list(status).by_id.next(beyond);
  // The first event that is not before the key; for kOldest, the first one after it.
  const std::pair<std::int64_t, std::uint32_t> edge = {key.modified_ms,
                                                       order == ListOrder::kNewest ? rank : beyond};
  const auto event = std::lower_bound(
      events_.begin(), events_.end(), edge,
      [](const Event& e, const auto& place) { return std::pair(e.at_ms, e.rank) < place; });
  const auto place = static_cast<std::size_t>(event - events_.begin());
  const Bits& by_time = list(status).by_time;
  return order == ListOrder::kNewest ? by_time.previous(place) : by_time.next(place);
}

std::size_t TaskLedger::at(Filter status, ListOrder order, std::size_t offset) const {
  const List& rows = list(status);
  if (order == ListOrder::kId) return rows.by_id.select(offset);
  if (order == ListOrder::kOldest) return rows.by_time.select(offset);
  const std::size_t n = rows.by_time.count();
  return offset >= n ? kEnd : rows.by_time.select(n - 1 - offset);
}

std::size_t TaskLedger::next(Filter status, ListOrder order, std::size_t place) const {
  const List& rows = list(status);
  if (order == ListOrder::kId) return rows.by_id.next(place + 1);
  if (order == ListOrder::kOldest) return rows.by_time.next(place + 1);
  return rows.by_time.previous(place);
}

const Task& TaskLedger::task(ListOrder order, std::size_t place) const {
  return *by_id_[order == ListOrder::kId ? place : events_[place].rank];
}

}  // namespace iotsim
