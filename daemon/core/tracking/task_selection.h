// One page of the watched tasks of all accounts, ordered by (account, task id): an order that never
// changes with a task, so that paging returns each task once. No I/O. One pass over the tasks per
// page; only the page's own tasks are converted into records.
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
  // At most `limit` tasks that come after `after`.
  TaskSelection(TaskFilter filter, TaskKey after, std::size_t limit)
      : filter_(std::move(filter)), after_(std::move(after)), limit_(limit) {}

  // REQUIRES: accounts are added in the order of their names, each once.
  void add(const std::string& account, const TaskTable& table);
  // REQUIRES: no other call follows.
  TaskListing take();

 private:
  bool matches(const TaskRow& row) const;

  TaskFilter filter_;
  TaskKey after_;
  std::size_t limit_;
  TaskListing listing_;
};

}  // namespace taskwatchd
