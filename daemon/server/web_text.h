// Small conversions of the HTTP API: percent-encoding, and a response as JSON. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/api_question.h"
#include "server/content_negotiation.h"

namespace taskwatchd {

// Returns nullopt if a % is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text);
// Encodes everything except letters and digits.
std::string percent_encoded(std::string_view text);
// The first `limit` names and values of the query of `target`, decoded. Nullopt if decoding fails.
std::optional<std::vector<std::pair<std::string, std::string>>> query_parameters(
    std::string_view target, std::size_t limit);

// {"status":"success","data":...}, the data alone if it is not JSON, or
// {"status":"error","errorType":...,"error":...}, with the holder's name and URL if there are any.
WebResponse api_response(const ApiReply& reply);
// In addition with an ETag, and compressed if the client accepts it.
WebResponse api_response(const ApiReply& reply, const ContentNegotiation& negotiated);

}  // namespace taskwatchd
