// The events of distributions, built from records. The first two are stored.
#pragma once

#include <string>

#include "core/events/event.h"
#include "core/types/distribution.h"

namespace taskwatchd {

// `record` is the new one; `not_before`: receive time of the last response that showed `from`.
Event distribution_transition(const DistributionRecord& record, DistributionStatus from,
                              Wall observed_at, Wall not_before);
// A warning if devices failed or the file was not understood; then it says when the next try is.
// Lists the first 100 failed devices. REQUIRES: record.result.
Event distribution_result(const DistributionRecord& record);
// The file could not be downloaded; `why` contains no secret.
Event distribution_file_failed(const DistributionKey& key, const std::string& why, Wall at);

}  // namespace taskwatchd
