// A human-readable summary of a configuration, printed by `taskwatchd check`. Contains no secret
// and no AccessKey id.
#pragma once

#include <string>

#include "config/config.h"

namespace taskwatchd {

// Returns several lines, each with a newline. Calls per second are quota x quota_share, the maximum
// that is used.
std::string summary(const Config& config);

// True if no account lists a task, a job or a distribution, or discovers jobs.
bool watches_nothing(const Config& config);

}  // namespace taskwatchd
