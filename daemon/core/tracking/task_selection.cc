#include "core/tracking/task_selection.h"

#include <algorithm>
#include <string_view>

namespace taskwatchd {
namespace {

WatchState state_of(const TaskRow& row) {
  if (row.gone) return WatchState::kGone;
  return row.seen ? WatchState::kWatched : WatchState::kPending;
}

ListedTask listed(const std::string& account, const TaskTable& table, TaskTable::Slot slot) {
  const TaskRow& row = table.row(slot);
  ListedTask task;
  task.seen = row.seen;
  task.explicit_id = row.explicit_id;
  task.state = state_of(row);
  if (row.seen) {
    task.record = table.record(account, slot);
  } else {
    task.record.key = {account, row.id};
    task.record.instance = row.context->instance;
  }
  return task;
}

}  // namespace

bool TaskSelection::matches(const TaskRow& row) const {
  if (filter_.statuses.any() || filter_.pending || filter_.gone) {
    const WatchState state = state_of(row);
    const bool wanted = (row.seen && filter_.statuses[static_cast<std::size_t>(row.status)]) ||
                        (filter_.pending && state == WatchState::kPending) ||
                        (filter_.gone && state == WatchState::kGone);
    if (!wanted) return false;
  }
  return filter_.text.empty() || row.id.find(filter_.text) != std::string::npos ||
         row.device.find(filter_.text) != std::string::npos;
}

void TaskSelection::keep(const std::string& id) {
  if (wanted_ == 0) return;
  if (ids_.size() == wanted_) {
    if (id >= ids_.front()) return;
    std::pop_heap(ids_.begin(), ids_.end());
    ids_.pop_back();
  }
  ids_.push_back(id);
  std::push_heap(ids_.begin(), ids_.end());
}

bool TaskSelection::add(const std::string& account, const TaskTable& table, TaskTable::Slot& room) {
  if (!filter_.account.empty() && account != filter_.account) return true;
  if (account != account_) {
    account_ = account;
    from_ = 0;
    ids_.clear();
    // One more than requested shows that there are more.
    wanted_ = account < after_.account ? 0 : limit_ + 1 - listing_.tasks.size();
  }
  const std::string_view after = account == after_.account ? after_.task_id : std::string_view();
  const TaskTable::Slot end = table.end_slot();
  const TaskTable::Slot to = from_ + std::min(room, end - from_);
  table.for_each(from_, to, [&](const TaskRow& row) {
    const bool of_job = filter_.job_id.empty() || (row.seen && table.job_id(row) == filter_.job_id);
    if (!of_job || !matches(row)) return;
    ++listing_.total;
    if (row.id > after) keep(row.id);
  });
  room -= to - from_;
  from_ = to;
  if (to < end) return false;
  std::sort_heap(ids_.begin(), ids_.end());
  for (const std::string& id : ids_) {
    const auto slot = table.find(id);  // none: removed since then
    if (slot) listing_.tasks.push_back(listed(account, table, *slot));
  }
  return true;
}

TaskListing TaskSelection::take() {
  if (listing_.tasks.size() > limit_) {
    listing_.tasks.pop_back();
    listing_.next = listing_.tasks.back().record.key;
  }
  return std::move(listing_);
}

}  // namespace taskwatchd
