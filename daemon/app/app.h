// The daemon as `taskwatchd run` starts it. Builds every component once, in the order seen in
// app.cc, runs one event loop on the calling thread until a signal stops it, and applies changed
// configurations. Returns the exit code of the process; fatal errors have been written to stderr by
// then.
#pragma once

#include "config/run_options.h"

namespace taskwatchd {

int run(const RunOptions& options);

}  // namespace taskwatchd
