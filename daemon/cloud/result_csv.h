// Rows of CSV (RFC 4180): quotes, line ends of both kinds, and , ; or tab between fields, whichever
// gives a header that we know. Pure.
#pragma once

#include <string_view>

#include "cloud/result_tally.h"

namespace taskwatchd {

// Whether the first line is a header with a device and a code, by exactly one of the separators.
bool is_result_csv(std::string_view text);
// REQUIRES: is_result_csv(text). Failures go into the tally.
void read_result_csv(std::string_view text, ResultTally& tally);
// The first line's fields, for a problem's words.
std::string describe_first_line(std::string_view text);

}  // namespace taskwatchd
