// `data` of `GET /api/v1/tasks/ID` as JSON: docs/reference/http-api.md. No I/O. Texts of devices
// and of the platform are escaped as in events.
#pragma once

#include <string>
#include <vector>

#include "core/events/event.h"
#include "core/types/explanation.h"
#include "core/types/time.h"

namespace taskwatchd {

// The task's stored events, oldest first; `cut`: older ones exist.
struct TaskHistory {
  std::vector<Event> events;
  bool cut = false;
};

std::string task_json(const Explanation& task, const TaskHistory& history, Wall now);

}  // namespace taskwatchd
