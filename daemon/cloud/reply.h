// Bytes of a reply to an Outcome. Trusts nothing: any bytes give a TaskReply or a Failure.
#pragma once

#include <optional>

#include "cloud/http.h"
#include "core/outcome.h"

namespace taskwatchd {

// The Outcome of a QueryTask. Does not check that the reply names the task that was asked for:
// core/tracker does, who also counts it. `message` and `status_detail` come without the queries of
// URLs and the values of credential parameters (core/event_text.h, redact), 4 KiB of each at most.
Outcome read_query_task(const HttpResult& result);

// A code of the gateway or of IoT, in any letter case, to its reason; `http_status` decides when
// the code is empty. Unknown iot.* codes are kBadRequest.
Reason classify(std::string_view code, int http_status);
// False for codes that the documents name (error_code.cc) and for any but iot.*.
bool is_undocumented_iot_code(std::string_view code);

// How long the cloud asked us to wait: x-acs-retry-after (ms), or TimeLeft (ms) of
// x-ratelimit-user-api and x-ratelimit-user when Remain is 0. Not positive or not a number:
// nothing.
std::optional<Duration> retry_after(const HttpReply& reply);
// The Date header, to learn how far our clock is off.
std::optional<Wall> server_date(const HttpReply& reply);

}  // namespace taskwatchd
