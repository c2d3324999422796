// The part of `taskwatchd check` that connects to the PostgreSQL server of `state.url`: whether the
// daemon could keep its state there. Changes nothing. Blocks, some seconds at most.
#pragma once

#include "config/config.h"

namespace taskwatchd {

// REQUIRES: `config.state_url` is set. Prints one line on stdout, or the error and its fix on
// stderr. Returns the exit code that `run` would have.
int check_state(const Config& config);

// Prints when each sink of notifications last delivered something, as the state knows it, and warns
// of those that never did.
void check_sinks(const Config& config);

}  // namespace taskwatchd
