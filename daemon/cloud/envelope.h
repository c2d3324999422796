// The envelope that all API responses share: {RequestId, Success, Code?, ErrorMessage?, Data}
// around the result, or an error in one of many formats. Internal to cloud/: each call's reader
// begins here. Input is untrusted; the only failures are those in the result.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <variant>

#include "cloud/http.h"
#include "core/types/outcome.h"

namespace taskwatchd {

// More than any genuine response needs: 50 rows of ListTask are below 30 kB.
inline constexpr std::size_t kReplyLimit = std::size_t{1} << 20;  // bytes
inline constexpr std::size_t kReplyDepth = 32;                    // levels of JSON

// The envelope of a response with a 2xx status and Success true. The objects live in `parser`.
struct Envelope {
  simdjson::dom::object whole;
  std::string request_id;
};

// `parser` must outlive the envelope.
std::variant<Envelope, Failure> read_envelope(const HttpResult& result,
                                              simdjson::dom::parser& parser);

// The Failure for a valid envelope whose content is not what the call documents.
Failure protocol_failure(const HttpReply& reply, const std::string& request_id,
                         std::string_view what);

}  // namespace taskwatchd
