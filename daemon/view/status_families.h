// The families that are read off DaemonStatus at each scrape: states, limits and times that others
// own. Pure.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "core/types/status.h"
#include "view/page_writer.h"

namespace taskwatchd {

// Each family once, with all accounts; those without a sample are left out.
std::vector<prometheus::MetricFamily> status_families(const DaemonStatus& status);
// taskwatchd_task_state as text, for it has three series for each explicit id.
void append_task_states(PageWriter& page, const DaemonStatus& status);

}  // namespace taskwatchd
