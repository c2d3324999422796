// Reads when the sinks of a state had their last success, for `taskwatchd check --online`. The
// daemon may use the state meanwhile. Blocks; failure is a value.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/types/time.h"

namespace taskwatchd::sqlite {

// By sink; those without a success are absent. Empty if the file does not exist yet, or is of an
// older version; nullopt if it cannot be read.
std::optional<std::map<std::string, Wall>> sink_successes(const std::string& path);

}  // namespace taskwatchd::sqlite
