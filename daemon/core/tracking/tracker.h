// The last believed state of each watched task of one account. A reply goes in; what it changes
// comes out: the new record, events, counts. Decides what a reply may overwrite: nothing older than
// what is held, nothing that another task's reply says, and never a task's job. Pure; loop's
// thread. A change counts as held at once; whoever stores it keeps the order.
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

// What came of one reply.
struct Observation {
  bool believed = false;            // false: the record is as it was
  bool moved = false;               // first observed, or in another status than before
  std::vector<TaskChange> changes;  // this task's, and that of one it supersedes
  std::vector<Event> events;
  std::vector<CounterDelta> counters;
  std::vector<Anomaly> anomalies;

  // Joins what came of another reply; `believed` and `moved` become those of either.
  void add(Observation&& other);
};

class Tracker {
 public:
  explicit Tracker(std::string account) : account_(std::move(account)) {}

  // Watches an explicit task from `since` on; `known` is what the store holds of it. A task that is
  // watched as a job's becomes explicit too and keeps its record.
  void watch(const std::string& task_id, SharedContext context, std::optional<TaskRecord> known,
             Now since);
  // Watches a stored task of a watched job again. No effect if it is watched.
  void restore(const TaskRecord& record, SharedContext context, Now since);
  void set_context(const std::string& task_id, SharedContext context);
  // Gives each task that is not explicit the context of its job, after the instances of jobs or
  // their labels may have changed. One pass over all tasks.
  void set_job_contexts(const TaskTable::ContextOf& context_of) {
    table_.set_job_contexts(context_of);
  }
  void unwatch(const std::string& task_id);
  // The task is no longer explicit, but its job is watched.
  void leave_to_job(const std::string& task_id);
  // Forgets the job's tasks that are not explicit.
  void unwatch_job(const std::string& job_id);

  // A good reply to the question for `task_id`, received at `now`.
  // REQUIRES: task_id is watched.
  Observation observe(const std::string& task_id, const TaskReply& reply, Now now);
  // A row of a watched job's list: watched from now on if it was not. `since` is when the job began
  // to be watched. With `known_only`, a row of a task that is not watched says nothing.
  Observation observe_row(const TaskReply& row, const SharedContext& context, Wall since, Now now,
                          bool known_only = false);
  // An undocumented in-band code for this one task while others of its instance answer. The third
  // over at least two minutes makes it gone.
  Observation not_found(const std::string& task_id, Now now);

  bool watches(const std::string& task_id) const { return table_.find(task_id).has_value(); }
  // The record as held; nothing before the first good reply.
  std::optional<TaskRecord> record(const std::string& task_id) const;
  // A seen task that the cloud said three times it does not know. An unseen one may be gone too.
  bool is_gone(const std::string& task_id) const;
  // The watched task as it lies in memory, without a copy; null if there is none. Until the next
  // change of this.
  const TaskRow* row(const std::string& task_id) const;
  const TaskTable& table() const { return table_; }

 private:
  using Slot = TaskTable::Slot;
  bool moves_job(const TaskRow& row, const TaskReply& reply) const;
  Observation take(Slot slot, const TaskReply& reply, Now now);
  Observation take_in_its_job(Slot slot, const TaskReply& reply, Now now);
  void first_sight(Slot slot, const TaskReply& reply, Now now, Observation& out);
  void update(Slot slot, const TaskReply& reply, Now now, bool regressed, Observation& out);
  bool refuse(TaskRow& row, const TaskReply& reply, Now now, Observation& out);
  void supersede(Slot slot, Now now, Observation& out);
  TaskChange change_of(Slot slot) const;

  std::string account_;
  TaskTable table_;
};

// The statuses that must have passed unseen between two that were seen, in order. A device that
// succeeded, failed or timed out has run; one that rejected was sent its task; a finished task that
// moves again was queued anew. CANCELLED and UNKNOWN imply nothing.
std::vector<TaskStatus> inferred_steps(TaskStatus from, TaskStatus to);

}  // namespace taskwatchd
