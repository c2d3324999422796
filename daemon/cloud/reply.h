// Bytes of a reply to an Outcome. Trusts nothing: any bytes give what the call documents, or a
// Failure. None checks that the reply is about what was asked for: whoever asked does.
#pragma once

#include <optional>

#include "cloud/http.h"
#include "core/types/api.h"
#include "core/types/outcome.h"

namespace taskwatchd {

// The reply to a call of that API, by the readers below.
Outcome read_reply(Api api, const HttpResult& result);

// A TaskReply or a Failure. `message` and `status_detail` come without the queries of URLs and the
// values of credential parameters (core/events/event_text.h, redact), 4 KiB of each at most.
Outcome read_query_task(const HttpResult& result);
// A TaskPage or a Failure. A row that is not as documented is left out and counted; a page without
// rows is a good one. More than kMaxRows rows (cloud/rows.h): kProtocol.
Outcome read_list_task(const HttpResult& result);
// A JobStatistics or a Failure. A count that is missing is 0, but without the total there is none.
Outcome read_query_job_statistics(const HttpResult& result);
// A JobReply or a Failure. Neither the job's document and description nor its file are kept.
Outcome read_query_job(const HttpResult& result);
// A JobPage or a Failure; rows as with read_list_task.
Outcome read_list_job(const HttpResult& result);

// A DistributionReply or a Failure.
Outcome read_query_distribution(const HttpResult& result);
// A DistributionFile or a Failure; one without an address is a good reply.
Outcome read_distribution_file(const HttpResult& result);

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
