// Small conversions of the HTTP API: percent-encoding, and a reply as JSON. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "web.h"

namespace taskwatchd {

// Nothing if a % is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text);
// All but letters and digits encoded.
std::string percent_encoded(std::string_view text);
// The first value of that name in the query of `target`, decoded; empty without one. Nothing if it
// cannot be decoded.
std::optional<std::string> query_parameter(std::string_view target, std::string_view name);

// {"status":"success","data":...} or {"status":"error","errorType":...,"error":...}
WebResponse api_response(const ApiReply& reply);

}  // namespace taskwatchd
