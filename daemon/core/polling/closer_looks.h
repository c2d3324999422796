// Tasks of watched jobs that deserve a QueryTask of their own: bad ones for their words, which
// lists do not carry, and those of which the lists tell that something is amiss. Pure; loop's
// thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/polling/poll_slot.h"
#include "core/tracking/task_table.h"
#include "core/types/call.h"
#include "core/types/gates.h"
#include "core/types/time.h"

namespace taskwatchd {

class CloserLooks {
 public:
  enum class Why : std::uint8_t {
    kWords,    // a bad one, seen in a list, which does not say why
    kLeft,     // left the list of running ones
    kSurplus,  // we hold more in its status than there are
  };

  // No effect for a task that waits or is being asked, or with kMax waiting.
  void want(const std::string& task_id, Why why);
  // The instance of a watched job; nullptr for another job.
  using InstanceOf = std::function<const std::string*(const std::string& job_id)>;
  // The task to ask next; those that lists have answered meanwhile are dropped. Tasks of instances
  // that are not called, and those that back off, stay.
  NextCall next(Mono now, const Gates& gates, const TaskTable& table,
                const InstanceOf& instance_of);
  // It is being asked, by whoever named it. No effect for a task that does not wait.
  void on_sent(const std::string& task_id, Mono now);
  // Asked and answered, or not wanted any more.
  void on_answer(const std::string& task_id);
  // To be asked again, but not before `retry_at`.
  void on_failure(const std::string& task_id, Mono retry_at);
  std::size_t waiting() const { return waiting_.size(); }
  // Why the task waits for a look, if it does and still deserves one. Walks through all that wait.
  std::optional<Why> waits(const std::string& task_id, const TaskTable& table) const;
  // It is being asked.
  bool in_flight(const std::string& task_id) const { return asking_.contains(task_id); }

  // A whole walk, begun at `began`, through the list of the job's running tasks is over: those that
  // it did not show have ended, or it left them out. A hint of whom to ask, never a transition.
  void want_those_who_left(const std::string& job_id, Wall began, const TaskTable& table);
  // Some of the job's tasks in that status, those seen longest ago.
  void want_surplus(const std::string& job_id, TaskStatus status, const TaskTable& table);

 private:
  static constexpr std::size_t kMax = 20'000;       // tasks that wait
  static constexpr std::size_t kSurplusTasks = 50;  // asked one by one for one surplus

  struct Look {
    std::string task_id;
    Why why = Why::kWords;
    Mono not_before = Mono::min();
  };
  static bool is_worth_it(const TaskRow& row, Why why);
  void ask_again_what_is_unanswered(Mono now);
  bool take_from_waiting(const std::string& task_id, Look& look);

  std::deque<Look> waiting_;
  struct Asking {
    Why why = Why::kWords;
    Mono sent_at;
    bool waits_again = false;  // unanswered for too long: in waiting_ as well
  };
  std::unordered_map<std::string, Asking> asking_;
  std::unordered_set<std::string> known_;  // waiting, or being asked
};

}  // namespace taskwatchd
