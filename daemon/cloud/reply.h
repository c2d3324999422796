// Converts the bytes of an API response to an Outcome. Input is untrusted: any bytes give the
// documented result or a Failure. These functions do not check that the response matches the
// request; the caller does.
#pragma once

#include <optional>

#include "cloud/http.h"
#include "core/types/api.h"
#include "core/types/outcome.h"

namespace taskwatchd {

// Reads the response to a call of that API with the functions below.
Outcome read_reply(Api api, const HttpResult& result);

// A TaskReply or a Failure. In `message` and `status_detail`, the queries of URLs and the values of
// credential parameters are redacted (core/events/event_text.h, redact); each is at most 4 KiB.
Outcome read_query_task(const HttpResult& result);
// A TaskPage or a Failure. A row that is not as documented is skipped and counted; a page without
// rows is valid. More than kMaxRows rows (cloud/rows.h): kProtocol.
Outcome read_list_task(const HttpResult& result);
// A JobStatistics or a Failure. A missing count is 0; a missing total is a Failure.
Outcome read_query_job_statistics(const HttpResult& result);
// A JobReply or a Failure. The job's document, description and file are not kept.
Outcome read_query_job(const HttpResult& result);
// A JobPage or a Failure; rows as in read_list_task.
Outcome read_list_job(const HttpResult& result);

// A DistributionReply or a Failure.
Outcome read_query_distribution(const HttpResult& result);
// A DistributionFile or a Failure; a response without a URL is valid.
Outcome read_distribution_file(const HttpResult& result);

// Maps a code of the gateway or of IoT, in any letter case, to its reason. `http_status` decides if
// the code is empty. Unknown iot.* codes are kBadRequest.
Reason classify(std::string_view code, int http_status);
// False for documented codes (error_code.cc) and for codes that do not begin with iot.
bool is_undocumented_iot_code(std::string_view code);

// How long the server asked us to wait: x-acs-retry-after (ms), or TimeLeft (ms) of
// x-ratelimit-user-api and x-ratelimit-user if Remain is 0. Nullopt if the value is not a positive
// number.
std::optional<Duration> retry_after(const HttpReply& reply);
// The Date header, used to measure the offset of the local clock.
std::optional<Wall> server_date(const HttpReply& reply);
// A date of HTTP, in the only form that RFC 9110 lets servers send: "Sun, 06 Nov 1994 08:49:37
// GMT".
std::optional<Wall> parse_http_date(std::string_view text);

}  // namespace taskwatchd
