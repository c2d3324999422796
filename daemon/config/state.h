// Reads the `state` and `replica` parts of the file: where the history is kept, and how other
// replicas refer to this process.
#pragma once

#include "config/config.h"
#include "config/parse.h"
#include "config/section.h"

namespace taskwatchd {

// Returns false if `replica` has no effect: the complete file has no `state.url`, not even an
// invalid one.
bool read_state(Section& root, const ParseContext& context, Config& config);

// REQUIRES: `has_state_url` was returned by read_state.
void read_replica(Section& root, bool has_state_url, Config& config);

}  // namespace taskwatchd
