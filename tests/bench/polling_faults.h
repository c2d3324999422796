// The planner in a cloud that fails, beside its goals: the table of bench_polling --set=faults.
#pragma once

#include "bench/polling_flags.h"

namespace taskwatchd::plan {

// Prints the table; true if all goals are kept.
bool print_faults(const BenchFlags& flags);

}  // namespace taskwatchd::plan
