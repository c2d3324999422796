// The aliyun_iot_distribution_* families, from the daemon's current state. No I/O.
#pragma once

#include "core/types/status.h"
#include "core/types/time.h"
#include "view/metrics_writer.h"

namespace taskwatchd {

// Distributions that finished more than `keep_finished` ago have no series.
void write_distribution_families(const DaemonStatus& status, Duration keep_finished, Wall now,
                                 MetricsWriter& page);

}  // namespace taskwatchd
