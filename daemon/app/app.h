// The daemon as `taskwatchd run` starts it: builds every part once, in the order seen in app.cc,
// runs one loop on the calling thread until a signal ends it, and takes over changed
// configurations. Returns the process's exit code; errors that end it are on stderr by then.
#pragma once

#include "config/run_options.h"

namespace taskwatchd {

int run(const RunOptions& options);

}  // namespace taskwatchd
