// The families that are read from DaemonStatus at each scrape: states, limits and times that other
// modules own. No I/O.
#pragma once

#include "core/types/status.h"
#include "view/metrics_writer.h"

namespace taskwatchd {

// Writes each family once, with all accounts.
void write_status_families(const DaemonStatus& status, MetricsWriter& page);
// Writes taskwatchd_task_state, which has three series per explicit task.
void write_task_states(const DaemonStatus& status, MetricsWriter& page);

}  // namespace taskwatchd
