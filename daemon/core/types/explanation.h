// What is known about one task and what is planned for it, for `GET /api/v1/tasks/ID`. Plain
// values, created by Account::explain per request.
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

// One call that may show the task's status, or why there is none.
struct PlannedCall {
  Api api = Api::kQueryTask;
  PlanRule rule = PlanRule::kTurn;
  std::optional<Wall> not_before;  // absent: no call is scheduled
  std::string why;                 // one human-readable sentence
};

// How the daemon polls the task's job.
enum class JobWatch : std::uint8_t {
  kNone,       // not at all
  kWatched,    // named in the configuration, or found by discovery
  kAssisting,  // assisting: its statistics and lists are polled for its explicit tasks
};

struct Explanation {
  TaskKey key;
  std::string instance;  // the label iot_instance
  bool explicit_id = false;
  WatchState state = WatchState::kPending;
  Wall since;                        // when watching began
  std::optional<TaskRecord> record;  // absent before the first successful response
  JobWatch job = JobWatch::kNone;
  std::vector<PlannedCall> next;
};

}  // namespace taskwatchd
