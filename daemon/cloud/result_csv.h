// Reads rows of CSV (RFC 4180): quoted fields, LF or CR LF, fields separated by , ; | or tab. The
// separator is the one that a line sep=X names, or the one that gives a known header. No I/O.
#pragma once

#include <string_view>

#include "cloud/result_rows.h"

namespace taskwatchd {

// Returns kUnknown if there is no header. Failures are recorded in the tally.
ResultFormat read_result_csv(std::string_view text, ResultTally& tally);

}  // namespace taskwatchd
