// `data` of `GET /api/v1/tasks/ID` as JSON: docs/reference/http-api.md. Pure. Texts of devices and
// of the cloud are escaped as in events.
#pragma once

#include <string>
#include <vector>

#include "core/events/event.h"
#include "core/types/explanation.h"
#include "core/types/time.h"

namespace taskwatchd {

// The task's stored events, rising; `cut`: there are older ones.
struct TaskHistory {
  std::vector<Event> events;
  bool cut = false;
};

std::string task_json(const Explanation& task, const TaskHistory& history, Wall now);

}  // namespace taskwatchd
