// Rows of CSV (RFC 4180): quotes, line ends of both kinds, and , ; | or tab between fields,
// whichever a line sep=X names or gives a header that we know. Pure.
#pragma once

#include <string_view>

#include "cloud/result_rows.h"

namespace taskwatchd {

// kUnknown if there is no header. Failures go into the tally.
ResultFormat read_result_csv(std::string_view text, ResultTally& tally);

}  // namespace taskwatchd
