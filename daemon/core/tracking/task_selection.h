// One page of the watched tasks of all accounts, ordered by (account, task id): an order that never
// changes with a task, so that paging returns each task once. One pass over the tasks per page, in
// parts, because 100,000 tasks take too long for one turn of the event loop; tasks may come, change
// and go between two parts. Only the page's own tasks are converted into records. No I/O.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <vector>

#include "core/tracking/task_table.h"
#include "core/types/status.h"
#include "core/types/task.h"

namespace taskwatchd {

using TaskStatusSet = std::bitset<kTaskStatusCount>;  // by static_cast<std::size_t>(TaskStatus)

// An empty member excludes nothing.
struct TaskFilter {
  std::string account;
  std::string job_id;
  std::string text;  // part of the task's id or of its device's name; case counts
  // In one of these statuses, or without a response so far, or gone. A task without a response has
  // no status.
  TaskStatusSet statuses;
  bool pending = false;
  bool gone = false;
};

struct ListedTask {
  TaskRecord record;  // only key and instance before the first success
  WatchState state = WatchState::kPending;
  bool seen = false;
  bool explicit_id = false;
};

struct TaskListing {
  std::vector<ListedTask> tasks;
  std::size_t total = 0;        // matching tasks, on all pages
  std::optional<TaskKey> next;  // set if there are more tasks after this one
};

class TaskSelection {
 public:
  // Tasks in one part: about 1 ms.
  static constexpr TaskTable::Slot kRows = 10'000;

  // At most `limit` tasks that come after `after`.
  TaskSelection(TaskFilter filter, TaskKey after, std::size_t limit)
      : filter_(std::move(filter)), after_(std::move(after)), limit_(limit) {}

  // Where the selection continues: in this account or, if there is none of that name, in the next
  // one. Empty: with the first.
  const std::string& account() const { return account_; }
  // Processes tasks of the account, at most `room` of them, and subtracts them from it; a task of
  // the page counts as several. Returns true after the last one. REQUIRES: accounts come in the
  // order of their names, and `room` is not 0 in the first call of a turn.
  bool add(const std::string& account, const TaskTable& table, TaskTable::Slot& room);
  // REQUIRES: no other call follows.
  TaskListing take();

 private:
  void begin(const std::string& account);
  // Returns true when all tasks of the account have been examined.
  bool see(const TaskTable& table, TaskTable::Slot& room);
  bool matches(const TaskRow& row) const;
  void keep(const std::string& id);

  TaskFilter filter_;
  TaskKey after_;
  std::size_t limit_;
  std::string account_;       // the members below are about it
  TaskTable::Slot from_ = 0;  // tasks before it have been examined
  bool seen_all_ = false;
  std::vector<std::string> ids_;  // the first ids: a heap, the last one on top, and finally sorted
  std::size_t wanted_ = 0;        // at most so many
  std::size_t listed_ = 0;        // so many of them have been converted
  bool has_more_ = false;  // more than the page holds; some of them may have been removed since
  TaskListing listing_;
};

}  // namespace taskwatchd
