// What an account knows about one task and plans for it, in sentences. No I/O. Event-loop thread
// only.
#pragma once

#include <optional>
#include <string>

#include "account/parts.h"
#include "core/types/explanation.h"

namespace taskwatchd {

// Returns nullopt if the task is not watched. Scans queues: for single requests by a person only.
std::optional<Explanation> explain(const AccountParts& account, const std::string& task_id,
                                   Now now);

}  // namespace taskwatchd
