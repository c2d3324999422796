// The last believed state of each watched task of one account. A reply goes in; what it changes
// comes out: the new record, events, counts. Decides what a reply may overwrite: nothing older than
// what is held, nothing that another task's reply says. Pure; loop's thread. A change counts as
// held at once; whoever stores it keeps the order.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/change.h"
#include "core/task.h"
#include "core/time.h"

namespace taskwatchd {

// What the events of a task carry beside its own words.
struct TaskContext {
  std::string instance;  // the label iot_instance
  StringMap labels;      // configured ones
};

// What came of one reply.
struct Observation {
  bool believed = false;            // false: the record is as it was
  std::vector<TaskChange> changes;  // this task's, and that of one it supersedes
  std::vector<Event> events;
  std::vector<CounterDelta> counters;
  std::vector<Anomaly> anomalies;
};

class Tracker {
 public:
  explicit Tracker(std::string account) : account_(std::move(account)) {}

  // Watches a task from `since` on; `known` is what the store holds of it. No effect if watched.
  void watch(const std::string& task_id, TaskContext context, std::optional<TaskRecord> known,
             Now since);
  void set_context(const std::string& task_id, TaskContext context);
  void unwatch(const std::string& task_id);

  // A good reply to the question for `task_id`, received at `now`.
  // REQUIRES: task_id is watched.
  Observation observe(const std::string& task_id, const TaskReply& reply, Now now);
  // An undocumented in-band code for this one task while others of its instance answer. The third
  // over at least two minutes makes it gone.
  Observation not_found(const std::string& task_id, Now now);

  bool watches(const std::string& task_id) const { return tasks_.contains(task_id); }
  // The record as held; nothing before the first good reply.
  const TaskRecord* record(const std::string& task_id) const;
  // A seen task that the cloud said three times it does not know. An unseen one may be gone too.
  bool is_gone(const std::string& task_id) const;
  // In no order.
  std::vector<std::string> task_ids() const;

 private:
  // A state that was refused, and how often in a row.
  struct Refused {
    TaskStatus status = TaskStatus::kUnknown;
    int count = 0;
    Mono since;
  };
  struct Watched {
    TaskContext context;
    std::optional<TaskRecord> record;
    Wall since;  // watched from then on
    Refused refused;
    int not_found = 0;
    Mono not_found_since;
    bool gone = false;
  };

  void first_sight(Watched& task, const TaskReply& reply, Now now, Observation& out);
  void update(Watched& task, const TaskReply& reply, Now now, bool regressed, Observation& out);
  bool refuse(Watched& task, const TaskReply& reply, Now now, Observation& out);
  void supersede(const TaskRecord& newer, Now now, Observation& out);
  void leave_device(const TaskRecord& record);

  std::string account_;
  std::unordered_map<std::string, Watched> tasks_;
  // job, product, device -> the newest task; to find what a rerun's new task supersedes.
  std::unordered_map<std::string, std::string> by_device_;
};

// The statuses that must have passed unseen between two that were seen, in order. A device that
// succeeded, failed or timed out has run; one that rejected was sent its task; a finished task that
// moves again was queued anew. CANCELLED and UNKNOWN imply nothing.
std::vector<TaskStatus> inferred_steps(TaskStatus from, TaskStatus to);

}  // namespace taskwatchd
