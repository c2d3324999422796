// The stored events of tasks, built from records: their names, levels and fields.
#pragma once

#include <optional>
#include <string>

#include "core/events/event.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

struct TransitionFacts {
  TaskStatus from = TaskStatus::kUnknown;
  Wall observed_at;  // receive time of the response that shows the new status
  Wall not_before;   // receive time of the last response that showed `from`
  bool regression = false;
};

// `record` is the new one.
Event task_transition(const TaskRecord& record, const TransitionFacts& facts,
                      const StringMap& labels);
// `changed_while_watched` makes a failure a warning.
Event task_baseline(const TaskRecord& record, Wall observed_at, bool changed_while_watched,
                    const StringMap& labels);
Event task_superseded(const TaskRecord& older, const TaskRecord& newer, Wall observed_at,
                      const StringMap& labels);
// The task is unfinished `deadline` after it was queued. Stored.
Event task_overdue(const TaskRecord& record, Duration deadline, Wall observed_at,
                   const StringMap& labels);
// The message of the device of a failed task, read by a QueryTask call after the transition that a
// list had shown.
Event task_details(const TaskRecord& record, Wall observed_at, const StringMap& labels);
// `record` may be null: a task that was never seen.
Event task_gone(const TaskKey& key, const std::string& instance, const TaskRecord* record,
                Wall observed_at, const StringMap& labels);

}  // namespace taskwatchd
