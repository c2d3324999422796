// PostgreSQL's type text holds neither NUL nor invalid UTF-8, but the platform may send either. So
// each NUL, each byte that is not UTF-8 and each SUB (U+001A) is stored as SUB and two hexadecimal
// digits; every other text is stored as it is. No I/O.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd::postgres {

std::string escaped(std::string_view text);
// The inverse of escaped().
std::string unescaped(std::string_view text);

}  // namespace taskwatchd::postgres
