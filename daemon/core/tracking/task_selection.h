// One page of the watched tasks of all accounts, in the order of (account, task id): an order that
// no change of a task moves, so that paging names each task once. Pure. One walk over the tasks a
// page, and only the page's own tasks are made into records.
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

// What is empty excludes nothing.
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
  TaskRecord record;  // key and instance alone before the first good reply
  WatchState state = WatchState::kPending;
  bool seen = false;
  bool explicit_id = false;
};

struct TaskListing {
  std::vector<ListedTask> tasks;
  std::size_t total = 0;        // tasks that match, on all pages
  std::optional<TaskKey> next;  // there are more after this one
};

class TaskSelection {
 public:
  // At most `limit` tasks that come after `after`.
  TaskSelection(TaskFilter filter, TaskKey after, std::size_t limit)
      : filter_(std::move(filter)), after_(std::move(after)), limit_(limit) {}

  // REQUIRES: accounts come in the order of their names, each once.
  void add(const std::string& account, const TaskTable& table);
  // REQUIRES: nothing is asked of this afterwards.
  TaskListing take();

 private:
  bool matches(const TaskRow& row) const;

  TaskFilter filter_;
  TaskKey after_;
  std::size_t limit_;
  TaskListing listing_;
};

}  // namespace taskwatchd
