// Rows of JSON: an array of objects, an object that holds one such array, or an object a line. Read
// row by row, so that a large file needs no tree of all of it. Pure.
#pragma once

#include <string_view>

#include "cloud/result_rows.h"

namespace taskwatchd {

// REQUIRES: the text begins with [ or {. Which of the formats it is; failures go into the tally.
ResultFormat read_result_json(std::string_view text, ResultTally& tally);

}  // namespace taskwatchd
