// The families that are read off DaemonStatus at each scrape: states, limits and times that others
// own. Pure.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "core/status.h"

namespace taskwatchd {

// Each family once, with all accounts; those without a sample are left out.
std::vector<prometheus::MetricFamily> status_families(const DaemonStatus& status);
// taskwatchd_task_state as text, for it has three series for each explicit id. The second tells how
// many bytes that takes at most.
void append_task_states(std::string& page, const DaemonStatus& status);
std::size_t task_states_bytes(const DaemonStatus& status);

}  // namespace taskwatchd
