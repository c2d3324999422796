// `data` of `GET /api/v1/tasks` as JSON: docs/reference/http-api.md. No I/O.
#pragma once

#include <string>
#include <vector>

#include "core/tracking/task_selection.h"

namespace taskwatchd {

// One item of `tasks`.
std::string listed_task_json(const ListedTask& task);
// `total`: of the listing; `cursor`: of the next page, empty: this is the last one.
std::string tasks_json(const std::vector<std::string>& items, std::size_t total,
                       const std::string& cursor);

}  // namespace taskwatchd
