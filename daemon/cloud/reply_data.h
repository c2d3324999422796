// Reads responses whose result is the one object at Data. Internal to cloud/.
#pragma once

#include "cloud/envelope.h"
#include "cloud/members.h"

namespace taskwatchd {

// Returns the object, converted by `read`, or a Failure.
template <typename Reply>
Outcome read_data(const HttpResult& result, Reply (*read)(Members&)) {
  simdjson::dom::parser parser;
  const auto envelope = read_envelope(result, parser);
  if (const auto* failure = std::get_if<Failure>(&envelope)) return *failure;
  const auto& [whole, request_id] = std::get<Envelope>(envelope);
  const HttpReply& reply = std::get<HttpReply>(result);

  Members outer(whole);
  std::optional<Members> data = outer.inner("Data");
  if (!data) {
    return protocol_failure(reply, request_id,
                            outer.find("Data") ? "Data is not an object" : "Data is missing");
  }
  Reply answer = read(*data);
  if (!data->error().empty()) return protocol_failure(reply, request_id, data->error());
  return answer;
}

}  // namespace taskwatchd
