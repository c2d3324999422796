// The metrics page in the OpenMetrics 1.0 text format, from the older format 0.0.4. Pure.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

// REQUIRES: a page of Metrics::render: each family's HELP and TYPE lead it, no timestamps.
std::string to_openmetrics(std::string_view page);

}  // namespace taskwatchd
