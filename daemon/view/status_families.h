// The families that are read from DaemonStatus at each scrape: states, limits and times that other
// modules own. No I/O.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "core/types/status.h"
#include "view/page_writer.h"

namespace taskwatchd {

// Returns each family once, with all accounts; families without samples are omitted.
std::vector<prometheus::MetricFamily> status_families(const DaemonStatus& status);
// Appends taskwatchd_task_state as text, because it has three series per explicit task.
void append_task_states(PageWriter& page, const DaemonStatus& status);

}  // namespace taskwatchd
