// What refusals have taught about calling one account: failures that the very next call may mend,
// because it is sent another way. Pure; time is passed in.
#pragma once

#include <chrono>
#include <optional>

#include "core/types/outcome.h"
#include "core/types/time.h"

namespace taskwatchd {

struct CallStyle {
  bool use_get = false;                          // the server refused POST once
  std::chrono::milliseconds clock_correction{};  // to be added to our clock when signing

  // True if the same call, signed anew in this style, may succeed. `server_date` is the Date of the
  // reply that refused. The caller bounds how often it tries.
  bool mend(const Failure& failure, std::optional<Wall> server_date, Now now) {
    if (failure.wants_get) {  // also when this is known: the call may have been under way then
      use_get = true;
      return true;
    }
    if (failure.reason == Reason::kClockSkew && server_date) {
      clock_correction = *server_date - now.wall;
      return true;
    }
    // A proxy may have sent the same bytes twice; the next call has a nonce of its own.
    return failure.code == "SignatureNonceUsed";
  }
};

}  // namespace taskwatchd
