// Runs a scenario, each account in its own world, and summarizes the results. Takes seconds to
// minutes of one core: for the command line only, never on the daemon's event loop.
#pragma once

#include <functional>

#include "plan/report.h"
#include "plan/scenario.h"

namespace taskwatchd::plan {

// Reports the progress: the list order and the simulated time.
using Progress = std::function<void(Order order, Ms now)>;

Report simulate(const Config& config, const Scenario& scenario, const Progress& progress);

}  // namespace taskwatchd::plan
