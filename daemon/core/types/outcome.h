// Every possible outcome of a call: a successful response, or a failure with its reason. Closed: a
// switch over these has no default.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/types/call.h"
#include "core/types/distribution.h"
#include "core/types/job.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

// The label `reason` of taskwatchd_api_failures_total.
enum class Reason : std::uint8_t {
  kThrottled,
  kTimeout,
  kUnreachable,
  kTls,
  kServerError,
  kAuth,
  kForbidden,
  kOverdue,
  kClockSkew,
  kNotFound,
  kBadRequest,
  kProtocol,
};
inline constexpr std::array<Reason, 12> kAllReasons = {
    Reason::kThrottled,   Reason::kTimeout,  Reason::kUnreachable, Reason::kTls,
    Reason::kServerError, Reason::kAuth,     Reason::kForbidden,   Reason::kOverdue,
    Reason::kClockSkew,   Reason::kNotFound, Reason::kBadRequest,  Reason::kProtocol};
std::string_view name(Reason reason);

struct Failure {
  Reason reason = Reason::kProtocol;
  int http_status = 0;     // 0 if there was no response
  std::string code;        // the API's error code as sent, e.g. "Throttling.User"; may be empty
  std::string message;     // human-readable; escaped, at most 256 bytes, no secret
  std::string request_id;  // from the API, if any
  // The wait requested by the API (x-acs-retry-after, TimeLeft); at most 5 min.
  std::optional<Duration> retry_after;
  // An undocumented in-band code (reason kBadRequest): may mean that this item does not exist. A
  // caller that knows that other items of the instance succeed turns it into kNotFound.
  bool maybe_not_found = false;
  // The server rejected POST; the same call may be repeated once as GET.
  bool wants_get = false;
  // The credentials are expired or unknown: retry with newer ones, if there are any.
  bool blames_keys() const;
};

using Outcome = std::variant<TaskReply, TaskPage, JobStatistics, JobReply, JobPage,
                             DistributionReply, DistributionFile, Failure>;

// Returns true if the response is about another item than the call: it must be rejected.
bool names_another(const Call& call, const Outcome& outcome);

}  // namespace taskwatchd
