// The planner compared with its goals on a faulty platform: the table of bench_polling
// --set=faults.
#pragma once

#include "bench/polling_flags.h"

namespace taskwatchd::plan {

// Prints the table. Returns true if all goals are met.
bool print_faults(const BenchFlags& flags);

}  // namespace taskwatchd::plan
