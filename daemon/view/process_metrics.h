// The process_* families with Prometheus' standard names. No I/O.
#pragma once

#include "core/types/process_stats.h"
#include "view/metrics_writer.h"

namespace taskwatchd {

// Values that could not be read are omitted.
void write_process_families(const ProcessStats& stats, MetricsWriter& page);

}  // namespace taskwatchd
