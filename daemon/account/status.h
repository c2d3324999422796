// What an account reports of itself, for /metrics, the API and the status line. No I/O. Event-loop
// thread only.
#pragma once

#include <memory>

#include "account/parts.h"
#include "core/types/status.h"

namespace taskwatchd {

// One pass over all jobs, and, unless there are very many, over the explicit tasks if `surveyed` is
// null: their states, just read.
AccountStatus status_of(const AccountParts& account, Now now,
                        std::shared_ptr<const ExplicitStates> surveyed = nullptr);

}  // namespace taskwatchd
