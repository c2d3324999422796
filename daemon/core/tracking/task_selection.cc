#include "core/tracking/task_selection.h"

#include <algorithm>
#include <string_view>

namespace taskwatchd {
namespace {

// To convert a task of the page takes the time of so many tasks that are only examined.
constexpr TaskTable::Slot kRowsOfListed = 30;

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

void TaskSelection::begin(const std::string& account) {
  account_ = account;
  from_ = 0;
  seen_all_ = false;
  ids_.clear();
  listed_ = 0;
  // One more than requested shows that there are more.
  wanted_ = account < after_.account ? 0 : limit_ + 1 - listing_.tasks.size();
}

bool TaskSelection::see(const TaskTable& table, TaskTable::Slot& room) {
  const std::string_view after = account_ == after_.account ? after_.task_id : std::string_view();
  const TaskTable::Slot end = std::max(from_, table.end_slot());  // the table may be another one
  const TaskTable::Slot to = from_ + std::min(room, end - from_);
  table.for_each(from_, to, [&](const TaskRow& row) {
    const bool of_job = filter_.job_id.empty() || (row.seen && table.job_id(row) == filter_.job_id);
    if (!of_job || !matches(row)) return;
    ++listing_.total;
    if (row.id > after) keep(row.id);
  });
  room -= to - from_;
  from_ = to;
  return to == end;
}

bool TaskSelection::add(const std::string& account, const TaskTable& table, TaskTable::Slot& room) {
  if (!filter_.account.empty() && account != filter_.account) return true;
  if (account != account_) begin(account);
  if (!seen_all_) {
    if (!see(table, room)) return false;
    seen_all_ = true;
    std::sort_heap(ids_.begin(), ids_.end());
    has_more_ |= wanted_ > 0 && ids_.size() == wanted_;
  }
  for (; listed_ < ids_.size(); ++listed_) {
    if (room == 0) return false;
    room -= std::min(room, kRowsOfListed);
    const auto slot = table.find(ids_[listed_]);  // none: removed since then
    if (slot) listing_.tasks.push_back(listed(account, table, *slot));
  }
  return true;
}

TaskListing TaskSelection::take() {
  if (listing_.tasks.size() > limit_) listing_.tasks.pop_back();
  if (has_more_ && !listing_.tasks.empty()) listing_.next = listing_.tasks.back().record.key;
  return std::move(listing_);
}

}  // namespace taskwatchd
