// The rows of a state database file, for `taskwatchd state`. See state_rows.h.
#pragma once

#include <memory>
#include <string>

#include "io/state_rows.h"

namespace taskwatchd::sqlite {

// Locks the file against daemons (FILE.lock) until the result is destroyed, checks it and upgrades
// its schema. Throws StateFault if it does not exist, unless `create`.
std::unique_ptr<StateRows> open_rows(const std::string& path, bool create);

}  // namespace taskwatchd::sqlite
