// Reads rows of JSON: an array of objects, an object that contains one such array, or one object
// per line. Reads row by row, so a large file needs no complete tree in memory. No I/O.
#pragma once

#include <string_view>

#include "cloud/result_rows.h"

namespace taskwatchd {

// REQUIRES: the text begins with [ or {. Returns the detected format; failures are recorded in the
// tally.
ResultFormat read_result_json(std::string_view text, ResultTally& tally);

}  // namespace taskwatchd
