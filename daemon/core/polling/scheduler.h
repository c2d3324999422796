// Which single task to poll next with QueryTask, and when to check again. Unfinished tasks go by
// priority (poll_priority.h), with the minimum poll intervals of `pace` and a maximum age so that
// none starves. Finished ones are polled rarely: a rerun can revive them. No I/O. Event-loop thread
// only; the caller passes the time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/polling/plan_rule.h"
#include "core/polling/poll_priority.h"
#include "core/polling/poll_slot.h"
#include "core/types/gates.h"
#include "core/types/pace.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

// The next action: poll `task_id`, or check again at `wake`.
struct Choice {
  std::optional<std::string> task_id;
  Mono wake = Mono::max();
};

class Scheduler {
 public:
  explicit Scheduler(Pace pace) : pace_(pace) {}

  void set_pace(Pace pace) { pace_ = pace; }
  // Watches a task of that instance; `known` is its stored record, if any. A task that is already
  // here moves to that instance and keeps everything else.
  void add(const std::string& task_id, const std::string& instance, const TaskRecord* known,
           Now now);
  void remove(const std::string& task_id);

  // `rate` in calls/s is the current rate limit; `gates` says until when instances are not called.
  // Skips tasks in flight.
  Choice next(Now now, double rate, const Gates& gates);

  // The task is being polled by the call with that number: it is in flight until one of
  // on_response, on_failure, set_gone.
  void on_sent(const std::string& task_id, std::uint64_t call, Now now);
  // The call succeeded; `record` is the tracker's result.
  void on_response(const std::string& task_id, std::uint64_t call, const TaskRecord& record,
                   Now now);
  // Another response (a list row) showed the task; a call for it may still be in flight.
  void noticed(const std::string& task_id, const TaskRecord& record, Now now);
  // The call failed; the task is not polled again before `retry_at`.
  void on_failure(const std::string& task_id, std::uint64_t call, Mono retry_at);
  // The tracker considers the task gone: polled every 10 min from now on.
  void set_gone(const std::string& task_id, Now now);

  std::size_t size() const { return entries_.size(); }
  std::size_t jobs() const { return priority_.jobs(); }  // to which its tasks belong
  bool in_flight(const std::string& task_id, Now now) const;
  // The earliest time of the task's next poll, and the rule that sets it; nullopt for an unknown
  // task. `rate` as for next, above 0. Ignores the gate of its instance.
  std::optional<Planned> plan_of(const std::string& task_id, Now now, double rate) const;

 private:
  enum class Kind : std::uint8_t {
    kUnseen,      // no successful response yet
    kUnfinished,  //
    kBad,         // a rerun may revive it
    kFinal,       // SUCCEEDED, CANCELLED or superseded: polled once more, then heartbeats only
    kGone,
  };
  struct Entry {
    std::string task_id;
    std::uint32_t instance = 0;  // index in instances_
    Kind kind = Kind::kUnseen;
    bool confirmed = false;  // a final task was polled once more
    PollPriority::Seen seen = {};
    Mono asked = Mono::min();
    PollSlot poll = {};
  };
  struct Best;

  static Kind kind_of(const TaskRecord& record);
  Entry* find(const std::string& task_id);
  Mono due(const Entry& entry) const;
  PlanRule rule_of(const Entry& entry) const;
  std::size_t active_tasks() const;
  // When the next finished task, the next unfinished task may be polled; if all are finished, any.
  Mono rare_ready(double rate) const;
  Mono known_ready(std::size_t active) const;
  Mono idle_ready() const;
  Choice next_busy(Now now, double rate, const std::vector<Mono>& gates, std::size_t active);
  Choice next_idle(Now now, const std::vector<Mono>& gates);
  std::uint32_t instance_index(const std::string& instance);

  Pace pace_;
  PollPriority priority_;
  // The instances' names, each once, referenced by entries by index: four bytes per task.
  std::vector<std::string> instances_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> index_;
  Mono last_rare_ = Mono::min();   // when a finished or gone task was last polled
  Mono last_known_ = Mono::min();  // when an unfinished task was last polled again
  Mono last_any_ = Mono::min();
  unsigned turn_ = 0;
};

}  // namespace taskwatchd
