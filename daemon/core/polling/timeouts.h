// Tasks of watched jobs that reach their own timeouts. The platform ends such a task within
// seconds, so that for a moment it is known whom to ask: each is asked by QueryTask until its end
// is seen, at once when its job counts one more that timed out, else three times a second while the
// count is not known to stand still. Pure; loop's thread.
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
  // A task that has not timed out so long after its timeout was none (it began anew, or the job has
  // no such limit).
  static constexpr Duration kLate = std::chrono::seconds(10);
  // Asked so often while nothing tells whether it has ended.
  static constexpr Duration kEvery = std::chrono::milliseconds(300);

  // The task began to run and will time out after `timeout`, if it still runs then.
  void expect(TaskTable::Slot slot, const TaskRow& row, Duration timeout);
  // The job of each task that has reached its timeout since the last call, and runs as far as we
  // know. Such a task is due from now on.
  std::vector<std::string> reach(Now now, const TaskTable& table);
  // Statistics of the job have come: they count more that timed out than those before, or as many.
  void counted(const std::string& job_id, bool more, Mono now);

  // The due task to ask next, each at most every `floor`; those whose end was seen are dropped.
  // The instance of a watched job; nullptr for another job.
  using InstanceOf = std::function<const std::string*(const std::string& job_id)>;
  NextCall next(Now now, Duration floor, const Gates& gates, const TaskTable& table,
                const InstanceOf& instance_of);
  // It is being asked, asked and answered, or not answered and not to be asked before `retry_at`.
  // No effect for a task that is not due.
  void on_sent(const Call& call, Mono now);
  void on_answer(const Call& call);
  void on_failure(const Call& call, Mono retry_at);
  bool is_due(const std::string& task_id) const;
  bool in_flight(const std::string& task_id, Mono now) const;

 private:
  static constexpr std::size_t kExpectedMax = 200'000;  // tasks that run and have a timeout
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
    Mono running;       // was still so then, by a reply about it or its job's count
    bool told = false;  // its job counts one more
  };
  Mono look_at(const Due& due, Duration floor) const;
  const Due* find(const std::string& task_id) const;
  Due* find(const std::string& task_id);

  std::priority_queue<Expected, std::vector<Expected>, std::greater<>> expected_;
  std::vector<Due> due_;  // few: by when they reached it
};

}  // namespace taskwatchd
