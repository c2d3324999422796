#include "core/tracking/task_selection.h"

#include <algorithm>
#include <string_view>

namespace taskwatchd {
namespace {

// Keeps the smallest ids of those added.
class Least {
 public:
  explicit Least(std::size_t room) : room_(room) {}
  void put(std::string_view id) {
    if (room_ == 0) return;
    if (ids_.size() == room_) {
      if (id >= ids_.front()) return;
      std::pop_heap(ids_.begin(), ids_.end());
      ids_.pop_back();
    }
    ids_.push_back(id);
    std::push_heap(ids_.begin(), ids_.end());
  }
  const std::vector<std::string_view>& sorted() {
    std::sort_heap(ids_.begin(), ids_.end());
    return ids_;
  }

 private:
  std::size_t room_;
  std::vector<std::string_view> ids_;
};

WatchState state_of(const TaskRow& row) {
  if (row.gone) return WatchState::kGone;
  return row.seen ? WatchState::kWatched : WatchState::kPending;
}

ListedTask listed(const std::string& account, const TaskTable& table, std::string_view id) {
  const TaskTable::Slot slot = *table.find(id);
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

void TaskSelection::add(const std::string& account, const TaskTable& table) {
  if (!filter_.account.empty() && account != filter_.account) return;
  // One more than requested shows that there are more.
  Least least(account < after_.account ? 0 : limit_ + 1 - listing_.tasks.size());
  const std::string_view after = account == after_.account ? after_.task_id : std::string_view();
  table.for_each([&](const TaskRow& row) {
    const bool of_job = filter_.job_id.empty() || (row.seen && table.job_id(row) == filter_.job_id);
    if (!of_job || !matches(row)) return;
    ++listing_.total;
    if (row.id > after) least.put(row.id);
  });
  for (const std::string_view id : least.sorted()) {
    listing_.tasks.push_back(listed(account, table, id));
  }
}

TaskListing TaskSelection::take() {
  if (listing_.tasks.size() > limit_) {
    listing_.tasks.pop_back();
    listing_.next = listing_.tasks.back().record.key;
  }
  return std::move(listing_);
}

}  // namespace taskwatchd
