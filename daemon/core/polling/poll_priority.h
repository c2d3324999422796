// The priority of polling an explicit task: the expected time for which a completion has gone
// unseen, with failures weighing more. Learned from the results of earlier polls, pooled and per
// job. No I/O. Event-loop thread only; the caller passes the time.
#pragma once

#include <string>
#include <unordered_map>

#include "core/forecast/hazard.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

class PollPriority {
  // Shared by the tasks of one job; removed with the last of them.
  struct JobGroup {
    Hazard::Group group = Hazard::kPooled;
    std::size_t tasks = 0;
  };
  using Groups = std::unordered_map<std::string, JobGroup>;  // by job id

 public:
  // A task as the last poll left it.
  struct Seen {
    Groups::value_type* job = nullptr;  // nullptr: never seen
    TaskStatus status = TaskStatus::kQueued;
    Wall entered;  // UtcModified
    Wall at;       // of the last successful response; never seen: when added
    Mono at_mono;  // the same, for spans: Wall may jump
  };

  // The task belongs to that job from now on. A removed task must leave.
  void enter(Seen& task, const std::string& job_id);
  void leave(Seen& task);
  std::size_t jobs() const { return groups_.size(); }  // with tasks

  // In weighted seconds: for a task that was never seen, and for one that was unfinished.
  double of_first(const Seen& task, Now now) const;
  double of_next(const Seen& task, Now now) const;
  // Call before the response to such a poll is applied to `task`.
  void learn_first(const Seen& task, const TaskReply& reply, Now now);
  void learn_next(const Seen& task, const TaskReply& reply, Now now);

 private:
  static Duration age_of(const Seen& task);
  static Hazard::Group group_of(const Seen& task);

  Hazard hazard_;
  Groups groups_;
  double first_polls_ = 0;  // at tasks not seen before
  double first_ended_ = 0;  // of those, had finished before they were watched
};

}  // namespace taskwatchd
