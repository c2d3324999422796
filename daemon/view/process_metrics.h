// The process_* families under Prometheus' standard names. Pure.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "core/types/process_stats.h"

namespace taskwatchd {

// Values that could not be read have no family.
std::vector<prometheus::MetricFamily> process_families(const ProcessStats& stats);

}  // namespace taskwatchd
