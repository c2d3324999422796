// The process_* families with Prometheus' standard names. No I/O.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "core/types/process_stats.h"

namespace taskwatchd {

// Values that could not be read are omitted.
std::vector<prometheus::MetricFamily> process_families(const ProcessStats& stats);

}  // namespace taskwatchd
