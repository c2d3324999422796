// The settings that a reload does not change, because what they describe is open while the daemon
// runs: the state database and the identity under which other replicas know this process. No I/O.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace taskwatchd {

// Returns the keys that differ and need a restart, in the order of the file: "state.path",
// "state.url", "state.password_file", "state.schema", "replica.name", "replica.url". A change from
// one engine to the other is "state.url" without "state.path".
std::vector<std::string> restart_needed(const Config& from, const Config& to);

// Copies these settings from the active configuration into the next one.
void keep_until_restart(const Config& active, Config& next);

}  // namespace taskwatchd
