// Generates docs/reference/metrics.md from the table of families; a test checks that the file is up
// to date. No I/O.
#pragma once

#include <string>

namespace taskwatchd {

std::string metrics_markdown();

}  // namespace taskwatchd
