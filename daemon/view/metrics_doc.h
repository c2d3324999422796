// docs/reference/metrics.md, generated from the table of families; a test holds the file to it.
// Pure.
#pragma once

#include <string>

namespace taskwatchd {

std::string metrics_markdown();

}  // namespace taskwatchd
