// Queue of tasks in watched jobs that need a QueryTask call: failed tasks, because ListTask does
// not return the device message, and tasks that contradict their job's lists or counts. No I/O.
// Event-loop thread only.
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

class DetailQueue {
 public:
  enum class Why : std::uint8_t {
    kMessageWanted,  // failed; seen in a list, which does not include the device message
    kLeftList,       // no longer in the IN_PROGRESS list
    kExcessTasks,    // more tasks are recorded in its status than are counted
  };

  // No effect for a task that is queued or in flight, or if kMax tasks are queued.
  void want(const std::string& task_id, Why why);
  // Returns the instance of a watched job; nullptr for another job.
  using InstanceOf = std::function<const std::string*(const std::string& job_id)>;
  // Returns the task to poll next; drops tasks that lists have resolved meanwhile. Tasks that back
  // off, and tasks of instances that do, stay in the queue.
  NextCall next(Mono now, const Gates& gates, const TaskTable& table,
                const InstanceOf& instance_of);
  // A call for the task is being made, by any owner. No effect for a task that is not queued.
  void on_sent(const std::string& task_id, Mono now);
  // The task was polled successfully, or is not wanted any more.
  void on_response(const std::string& task_id);
  // The call failed: the task is polled again, but not before `retry_at`.
  void on_failure(const std::string& task_id, Mono retry_at);
  std::size_t waiting() const { return waiting_.size(); }
  // Returns why the task is queued, if it is and still needs a poll. Scans the whole queue.
  std::optional<Why> waits(const std::string& task_id, const TaskTable& table) const;
  // A call for the task is in flight.
  bool in_flight(const std::string& task_id) const { return in_flight_.contains(task_id); }

  // A complete scan of the job's IN_PROGRESS list, begun at `began`, has ended. Tasks that it did
  // not show have probably finished, or it omitted them. This is a hint which tasks to poll, never
  // a transition.
  void want_unlisted(const std::string& job_id, Wall began, const TaskTable& table);
  // Queues up to kMaxExcessPolls of the job's tasks in that status, the least recently observed
  // ones.
  void want_excess(const std::string& job_id, TaskStatus status, const TaskTable& table);

 private:
  static constexpr std::size_t kMax = 20'000;         // queued tasks
  static constexpr std::size_t kMaxExcessPolls = 50;  // polled one by one for one surplus

  struct Entry {
    std::string task_id;
    Why why = Why::kMessageWanted;
    Mono not_before = Mono::min();
  };
  static bool is_still_useful(const TaskRow& row, Why why);
  void requeue_unanswered(Mono now);
  bool take_from_waiting(const std::string& task_id, Entry& entry);

  std::deque<Entry> waiting_;
  struct InFlight {
    Why why = Why::kMessageWanted;
    Mono sent_at;
    bool waits_again = false;  // unanswered for too long: in waiting_ as well
  };
  std::unordered_map<std::string, InFlight> in_flight_;
  std::unordered_set<std::string> known_;  // queued, or in flight
};

}  // namespace taskwatchd
