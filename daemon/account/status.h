// What an account reports of itself, for /metrics, the API and the status line. No I/O. Event-loop
// thread only.
#pragma once

#include "account/parts.h"
#include "core/types/status.h"

namespace taskwatchd {

// One pass over all jobs, and over the explicit tasks unless there are very many.
AccountStatus status_of(const AccountParts& account, Now now);

}  // namespace taskwatchd
