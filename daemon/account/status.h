// What an account reports of itself, for /metrics, the API and the status line. No I/O. Event-loop
// thread only.
#pragma once

#include <memory>

#include "account/parts.h"
#include "core/types/status.h"

namespace taskwatchd {

// `surveyed`: the states of the explicit tasks, read shortly before; null: they are read now. One
// pass over all jobs, and over those explicit tasks unless there are very many.
AccountStatus status_of(const AccountParts& account, Now now,
                        std::shared_ptr<const ExplicitStates> surveyed = nullptr);

}  // namespace taskwatchd
