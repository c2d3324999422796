// `data` of `GET /api/v1/tasks` as JSON: docs/reference/http-api.md. Pure.
#pragma once

#include <string>

#include "core/tracking/task_selection.h"

namespace taskwatchd {

// `cursor`: what the next page is asked with; empty: this is the last one.
std::string tasks_json(const TaskListing& listing, const std::string& cursor);

}  // namespace taskwatchd
