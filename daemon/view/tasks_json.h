// `data` of `GET /api/v1/tasks` as JSON: docs/reference/http-api.md. No I/O.
#pragma once

#include <string>

#include "core/tracking/task_selection.h"

namespace taskwatchd {

// `cursor`: of the next page, empty: this is the last one.
std::string tasks_json(const TaskListing& listing, const std::string& cursor);

}  // namespace taskwatchd
