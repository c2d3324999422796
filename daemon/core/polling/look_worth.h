// What a look at a task named by id is worth: the time that an end is expected to have gone unseen,
// bad ends weighing more. Learned from what earlier looks found, pooled and for each job. Pure;
// time passed in; event-loop thread only.
#pragma once

#include <string>
#include <unordered_map>

#include "core/forecast/hazard.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

class LookWorth {
  // What the tasks of one job share; goes with the last of them.
  struct JobGroup {
    Hazard::Group group = Hazard::kPooled;
    std::size_t tasks = 0;
  };
  using Groups = std::unordered_map<std::string, JobGroup>;  // by job

 public:
  // A task as the last look left it.
  struct Seen {
    Groups::value_type* job = nullptr;  // never seen: none
    TaskStatus status = TaskStatus::kQueued;
    Wall entered;  // UtcModified
    Wall at;       // of the last good reply; never seen: when added
    Mono at_mono;  // the same, for spans: Wall may jump
  };

  // The task is of that job from now on. A task that goes must leave.
  void enter(Seen& task, const std::string& job_id);
  void leave(Seen& task);
  std::size_t jobs() const { return groups_.size(); }  // with tasks

  // In weighted seconds: of a task that was never seen, and of one that was unfinished.
  double of_first(const Seen& task, Now now) const;
  double of_next(const Seen& task, Now now) const;
  // To be called before `task` takes over what the reply to such a look said.
  void learn_first(const Seen& task, const TaskReply& reply, Now now);
  void learn_next(const Seen& task, const TaskReply& reply, Now now);

 private:
  static Duration age_of(const Seen& task);
  static Hazard::Group group_of(const Seen& task);

  Hazard hazard_;
  Groups groups_;
  double first_looks_ = 0;  // at tasks not seen before
  double first_ended_ = 0;  // and they had ended before we were there
};

}  // namespace taskwatchd
