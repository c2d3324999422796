// Runs a scenario, each account in a world of its own, and sums up. Takes seconds to minutes of one
// core: for the command line, never on the daemon's loop.
#pragma once

#include <functional>

#include "plan/report.h"
#include "plan/scenario.h"

namespace taskwatchd::plan {

// Where the work stands: in which page order, how long simulated.
using Progress = std::function<void(Order order, Ms now)>;

Report simulate(const Config& config, const Scenario& scenario, const Progress& progress);

}  // namespace taskwatchd::plan
