// Every way a call can end: a good reply, or a failure with its reason. Closed: a switch over
// these has no default.
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
  int http_status = 0;     // 0 when no reply came
  std::string code;        // the cloud's code as sent, e.g. "Throttling.User"; may be empty
  std::string message;     // for people; escaped, at most 256 bytes, no secret
  std::string request_id;  // the cloud's, if any
  // How long the cloud asked us to wait (x-acs-retry-after, TimeLeft); at most 5 min.
  std::optional<Duration> retry_after;
  // An undocumented in-band code (reason kBadRequest): may mean that this one item does not exist.
  // Whoever knows that others of the instance answer turns it into kNotFound.
  bool maybe_not_found = false;
  // The server refused POST; the same call may be sent once more as GET.
  bool wants_get = false;
  // The keys are expired or unknown: newer ones, if there are any, may be taken.
  bool blames_keys() const;
};

using Outcome = std::variant<TaskReply, TaskPage, JobStatistics, JobReply, JobPage,
                             DistributionReply, DistributionFile, Failure>;

// The reply is about another item than was asked for: nothing of it may be believed.
bool names_another(const Call& call, const Outcome& outcome);

}  // namespace taskwatchd
