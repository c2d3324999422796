// How to call one account, learned from failures that an immediate retry can fix because the
// request is sent differently. No I/O; the caller passes the time.
#pragma once

#include <chrono>
#include <optional>

#include "core/types/outcome.h"
#include "core/types/time.h"

namespace taskwatchd {

struct CallStyle {
  bool use_get = false;                          // the server rejected POST once
  std::chrono::milliseconds clock_correction{};  // added to the local clock when signing

  // Returns true if the same call, signed again in this style, may succeed. `server_date` is the
  // Date header of the failed response. The caller limits the number of retries.
  bool adapt_to(const Failure& failure, std::optional<Wall> server_date, Now now) {
    if (failure.wants_get) {  // also if already known: the call may have been in flight then
      use_get = true;
      return true;
    }
    if (failure.reason == Reason::kClockSkew && server_date) {
      clock_correction = *server_date - now.wall;
      return true;
    }
    // A proxy may have sent the same bytes twice; the next call has a new nonce.
    return failure.code == "SignatureNonceUsed";
  }
};

}  // namespace taskwatchd
