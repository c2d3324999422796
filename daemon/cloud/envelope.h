// What all replies of the API have in common: {RequestId, Success, Code?, ErrorMessage?, Data}
// around the answer, or an error in one of its many shapes. Internal to the cloud room: each call's
// reader begins here. Trusts nothing; no failure but those of the result.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <variant>

#include "cloud/http.h"
#include "core/types/outcome.h"

namespace taskwatchd {

// A body that no honest reply reaches: 50 rows of ListTask are below 30 kB.
inline constexpr std::size_t kReplyLimit = std::size_t{1} << 20;  // bytes
inline constexpr std::size_t kReplyDepth = 32;                    // levels of JSON

// Of a reply with a 2xx status and Success true. The objects live in `parser`.
struct Envelope {
  simdjson::dom::object whole;
  std::string request_id;
};

// `parser` must outlive the envelope.
std::variant<Envelope, Failure> read_envelope(const HttpResult& result,
                                              simdjson::dom::parser& parser);

// A good envelope around something that is not what the call documents.
Failure protocol_failure(const HttpReply& reply, const std::string& request_id,
                         std::string_view what);

}  // namespace taskwatchd
