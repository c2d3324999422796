// A configuration told to people: what `taskwatchd check` prints. Holds no secret and no key id.
#pragma once

#include <string>

#include "config/config.h"

namespace taskwatchd {

// Several lines, each ended. Calls per second are quota x quota_share, as they are used at most.
std::string summary(const Config& config);

// No account names a task, a job or a distribution, or looks for jobs.
bool watches_nothing(const Config& config);

}  // namespace taskwatchd
