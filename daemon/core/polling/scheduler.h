// Which single task to ask next by QueryTask, and when to look again. Unfinished tasks go by what
// a look is worth (look_worth.h), with the `pace` floors and an age cap so that nothing starves.
// Finished ones are asked rarely: a rerun can revive them. Pure; time passed in; loop's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/polling/look_worth.h"
#include "core/polling/plan_rule.h"
#include "core/polling/poll_slot.h"
#include "core/types/gates.h"
#include "core/types/pace.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

// The next thing to do: ask `task_id`, or look again at `wake`.
struct Choice {
  std::optional<std::string> task_id;
  Mono wake = Mono::max();
};

class Scheduler {
 public:
  explicit Scheduler(Pace pace) : pace_(pace) {}

  void set_pace(Pace pace) { pace_ = pace; }
  // Watches a task of that instance; `known` is its stored record, if any. Adding a task that is
  // there moves it to that instance and keeps the rest.
  void add(const std::string& task_id, const std::string& instance, const TaskRecord* known,
           Now now);
  void remove(const std::string& task_id);

  // `rate` in calls/s is what the limiter gives; `gates` says until when instances are not called.
  // Leaves tasks in flight alone.
  Choice next(Now now, double rate, const Gates& gates);

  // The task is being asked, by the call of that number: it is in flight until one of on_answer,
  // on_failure, set_gone.
  void on_sent(const std::string& task_id, std::uint64_t call, Now now);
  // A good reply; `record` is what the tracker made of it.
  void on_answer(const std::string& task_id, std::uint64_t call, const TaskRecord& record, Now now);
  // Another reply (a list's row) showed the task; a call for it may be in flight all the same.
  void noticed(const std::string& task_id, const TaskRecord& record, Now now);
  // No good reply; not asked again before `retry_at`.
  void on_failure(const std::string& task_id, std::uint64_t call, Mono retry_at);
  // The tracker took the task for gone: asked every 10 min from now on.
  void set_gone(const std::string& task_id, Now now);

  std::size_t size() const { return entries_.size(); }
  std::size_t jobs() const { return worth_.jobs(); }  // that its tasks are of
  bool in_flight(const std::string& task_id, Now now) const;
  // When the task is asked next at the earliest, and by which rule; nothing for one that is not
  // here. `rate` as for next, above 0. What holds its instance is not looked at.
  std::optional<Planned> plan_of(const std::string& task_id, Now now, double rate) const;

 private:
  enum class Kind : std::uint8_t {
    kUnseen,      // no good reply yet
    kUnfinished,  //
    kBad,         // a rerun may revive it
    kSettled,     // SUCCEEDED, CANCELLED or superseded: asked once more, then heartbeats only
    kGone,
  };
  struct Entry {
    std::string task_id;
    std::uint32_t instance = 0;  // in instances_
    Kind kind = Kind::kUnseen;
    bool confirmed = false;  // a settled task was asked once more
    LookWorth::Seen seen = {};
    Mono asked = Mono::min();
    PollSlot poll = {};
  };
  struct Best;

  static Kind kind_of(const TaskRecord& record);
  Entry* find(const std::string& task_id);
  Mono due(const Entry& entry) const;
  PlanRule rule_of(const Entry& entry) const;
  std::size_t active_tasks() const;
  // When the next finished, the next unfinished task may be asked; with all finished, any.
  Mono rare_ready(double rate) const;
  Mono known_ready(std::size_t active) const;
  Mono idle_ready() const;
  Choice next_busy(Now now, double rate, const std::vector<Mono>& gates, std::size_t active);
  Choice next_idle(Now now, const std::vector<Mono>& gates);
  std::uint32_t instance_number(const std::string& instance);

  Pace pace_;
  LookWorth worth_;
  // The instances' names, each once, for entries to refer to: a task more costs four bytes.
  std::vector<std::string> instances_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> index_;
  Mono last_rare_ = Mono::min();   // when a finished or gone task was last asked
  Mono last_known_ = Mono::min();  // when an unfinished task was last asked again
  Mono last_any_ = Mono::min();
  unsigned turn_ = 0;
};

}  // namespace taskwatchd
