// Estimates the size of the metrics output for a configuration. No I/O.
#pragma once

#include <cstddef>

#include "config/config.h"

namespace taskwatchd {

// Approximate size in bytes of all lines of explicit tasks, once all of them have been observed:
// written for one task and multiplied. Values that only the platform knows are assumed to have a
// typical length.
std::size_t named_tasks_bytes(const Config& config);

}  // namespace taskwatchd
