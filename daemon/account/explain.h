// What an account holds of one task and plans for it, in sentences. No I/O. Event-loop thread only.
#pragma once

#include <optional>
#include <string>

#include "account/parts.h"
#include "core/types/explanation.h"

namespace taskwatchd {

// Nothing if the task is not watched. For one task at a person's request: walks through what waits.
std::optional<Explanation> explain(const AccountParts& account, const std::string& task_id,
                                   Now now);

}  // namespace taskwatchd
