// The last accepted state of each watched task of one account. For each response it returns the
// changes: new record, events, counters. Decides what a response may overwrite: it rejects data
// older than the record, ignores responses about another task, and never changes a task's job. No
// I/O. Event-loop thread only. A change takes effect at once; whoever stores it keeps the order.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/tracking/task_table.h"
#include "core/types/change.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

// The effects of one response.
struct Observation {
  bool accepted = false;            // accepted; false: the record is unchanged
  bool moved = false;               // first observed, or in another status than before
  std::vector<TaskChange> changes;  // of this task, and of one it supersedes
  std::vector<Event> events;
  std::vector<CounterDelta> counters;
  std::vector<Anomaly> anomalies;

  // Appends the effects of another response; `accepted` and `moved` become true if either is.
  void add(Observation&& other);
};

class Tracker {
 public:
  explicit Tracker(std::string account) : account_(std::move(account)) {}

  // Watches an explicit task from `since` on; `known` is its stored record, if any. A task already
  // watched as a job's becomes explicit too and keeps its record.
  void watch(const std::string& task_id, SharedContext context, std::optional<TaskRecord> known,
             Now since);
  // Restores a stored task of a watched job. No effect if it is already watched.
  void restore(const TaskRecord& record, SharedContext context, Now since);
  void set_context(const std::string& task_id, SharedContext context);
  // Sets the context of each non-explicit task to that of its job; call it when the jobs' instances
  // or labels may have changed. One pass over all tasks.
  void set_job_contexts(const TaskTable::ContextOf& context_of) {
    table_.set_job_contexts(context_of);
  }
  void unwatch(const std::string& task_id);
  // The task is no longer explicit, but its job is watched.
  void leave_to_job(const std::string& task_id);
  // Forgets the job's tasks that are not explicit.
  void unwatch_job(const std::string& job_id);

  // Applies a successful response to a QueryTask call for `task_id`, received at `now`. REQUIRES:
  // task_id is watched.
  Observation observe(const std::string& task_id, const TaskReply& reply, Now now);
  // Applies a row of a watched job's list; an unwatched task is watched from now on. `since` is
  // when watching the job began. With `known_only`, rows of unwatched tasks are ignored.
  Observation observe_row(const TaskReply& row, const SharedContext& context, Wall since, Now now,
                          bool known_only = false);
  // The API returned an undocumented in-band code for this task while others of its instance
  // succeed. The third one, over at least two minutes, sets the task's state to gone.
  Observation not_found(const std::string& task_id, Now now);

  bool watches(const std::string& task_id) const { return table_.find(task_id).has_value(); }
  // The current record; nullopt before the first successful response.
  std::optional<TaskRecord> record(const std::string& task_id) const;
  // The API reported three times that it does not know the task, whether it was observed or not.
  bool is_gone(const std::string& task_id) const;
  // The watched task as stored in memory, without a copy; null if there is none. Valid until the
  // next change.
  const TaskRow* row(const std::string& task_id) const;
  const TaskTable& table() const { return table_; }

 private:
  using Slot = TaskTable::Slot;
  bool moves_job(const TaskRow& row, const TaskReply& reply) const;
  Observation take(Slot slot, const TaskReply& reply, Now now);
  Observation take_in_its_job(Slot slot, const TaskReply& reply, Now now);
  void first_observation(Slot slot, const TaskReply& reply, Now now, Observation& out);
  void update(Slot slot, const TaskReply& reply, Now now, bool regressed, Observation& out);
  bool refuse(TaskRow& row, const TaskReply& reply, Now now, Observation& out);
  void supersede(Slot slot, Now now, Observation& out);
  TaskChange change_of(Slot slot) const;

  std::string account_;
  TaskTable table_;
};

// The statuses that were skipped between two observed ones, in order. A device whose task
// SUCCEEDED, FAILED or TIMED_OUT has run it; a REJECTED task was sent; a finished task that changes
// again was queued again. CANCELLED and UNKNOWN imply nothing.
std::vector<TaskStatus> inferred_steps(TaskStatus from, TaskStatus to);

}  // namespace taskwatchd
