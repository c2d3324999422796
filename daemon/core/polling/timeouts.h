// Tasks of watched jobs that reach their own timeouts. The platform ends such a task within
// seconds, so it is known which tasks to poll: each is polled with QueryTask until it is seen to
// finish, at once when its job counts one more TIMED_OUT task, otherwise about three times per
// second unless the count is known to be unchanged. No I/O. Event-loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "core/polling/poll_slot.h"
#include "core/tracking/task_table.h"
#include "core/types/call.h"
#include "core/types/gates.h"
#include "core/types/time.h"

namespace taskwatchd {

class Timeouts {
 public:
  // A task that has not timed out this long after its timeout is dropped (it was restarted, or its
  // job has no such timeout).
  static constexpr Duration kLate = std::chrono::seconds(10);
  // Poll interval while nothing shows whether the task has finished.
  static constexpr Duration kEvery = std::chrono::milliseconds(300);

  // The task became IN_PROGRESS and will time out after `timeout` if it still is then.
  void expect(TaskTable::Slot slot, const TaskRow& row, Duration timeout);
  // Returns the job of each task that has reached its timeout since the last call and is still
  // IN_PROGRESS as far as is known. Such a task is due from now on.
  std::vector<std::string> reach(Now now, const TaskTable& table);
  // Statistics were received; `more`: they count more TIMED_OUT tasks than the previous ones.
  void counted(const std::string& job_id, bool more, Mono now);

  // Returns the due task to poll next, each at most once per `min_interval`; drops tasks that were
  // seen to finish. InstanceOf returns the instance of a watched job; nullptr for another job.
  using InstanceOf = std::function<const std::string*(const std::string& job_id)>;
  NextCall next(Now now, Duration min_interval, const Gates& gates, const TaskTable& table,
                const InstanceOf& instance_of);
  // The task is being polled; the call succeeded; it failed, and the task is not polled before
  // `retry_at`. No effect for a task that is not due.
  void on_sent(const Call& call, Mono now);
  void on_response(const Call& call);
  void on_failure(const Call& call, Mono retry_at);
  bool is_due(const std::string& task_id) const;
  bool in_flight(const std::string& task_id, Mono now) const;

 private:
  static constexpr std::size_t kExpectedMax = 200'000;  // IN_PROGRESS tasks with a timeout
  static constexpr std::size_t kDueMax = 1000;

  struct Expected {
    Wall at;
    TaskTable::Slot slot = 0;
    bool operator>(const Expected& other) const { return at > other.at; }
  };
  struct Due {
    std::string task_id;
    std::string job_id;
    Mono reached;
    PollSlot poll = {};
    Mono running;           // last known IN_PROGRESS time, from its own response or its job's count
    bool one_more = false;  // its job counts one more
  };
  Mono next_poll_at(const Due& due, Duration min_interval) const;
  const Due* find(const std::string& task_id) const;
  Due* find(const std::string& task_id);

  std::priority_queue<Expected, std::vector<Expected>, std::greater<>> expected_;
  std::vector<Due> due_;  // few, in the order in which they became due
};

}  // namespace taskwatchd
