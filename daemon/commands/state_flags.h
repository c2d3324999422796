// The flags of `taskwatchd state`. No I/O.
#pragma once

#include <optional>
#include <string>

#include "commands/state_command.h"

namespace CLI {
class App;
}

namespace taskwatchd {

void add_state(CLI::App& app, StateOptions& options);

// Returns what is wrong with the combination of flags.
std::optional<std::string> state_flags_problem(const StateOptions& options);

}  // namespace taskwatchd
