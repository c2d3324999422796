// What is held of one task and what is planned for it, for `GET /api/v1/tasks/ID`. Plain values,
// made by Account::explain at each request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.h"
#include "core/polling/plan_rule.h"
#include "core/types/api.h"
#include "core/types/status.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

// One call that may tell of the task, or why there is none.
struct PlannedCall {
  Api api = Api::kQueryTask;
  PlanRule rule = PlanRule::kTurn;
  std::optional<Wall> not_before;  // absent: no instant is planned
  std::string why;                 // one sentence for people
};

// How the daemon looks at the task's job.
enum class JobWatch : std::uint8_t {
  kNone,     // not at all
  kWatched,  // named in the configuration, or found by discovery
  kHelping,  // its statistics and lists are read for the explicit tasks that share it
};

struct Explanation {
  TaskKey key;
  std::string instance;  // the label iot_instance
  bool explicit_id = false;
  WatchState state = WatchState::kPending;
  Wall since;                        // watched from then on
  std::optional<TaskRecord> record;  // nothing before the first good reply
  JobWatch job = JobWatch::kNone;
  std::vector<PlannedCall> next;
};

}  // namespace taskwatchd
