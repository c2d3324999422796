// How large a page of metrics a configuration makes. Pure.
#pragma once

#include <cstddef>

#include "config/config.h"

namespace taskwatchd {

// About the bytes of all lines of tasks that are named by id, once all of them are seen: written
// for one task and multiplied, with names of usual length for what only the cloud knows.
std::size_t named_tasks_bytes(const Config& config);

}  // namespace taskwatchd
