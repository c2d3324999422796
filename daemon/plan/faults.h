// The faults of a modelled platform and of the network to it. By default there are none.
#pragma once

#include <optional>

#include "core/types/time.h"

namespace taskwatchd::plan {

struct Faults {
  double failing_calls = 0;  // fraction of the calls
  // True: the failing calls are equally divided into 5xx, time-outs (the call is executed, but its
  // response is lost) and throttling. False: each gets a 503.
  bool mixed = false;
  double other_calls = 0;  // of the account's other programs, per second and API
  // calls per second that the platform allows per API; absent: as configured
  std::optional<double> quota = {};
  // calls per second of all APIs together; absent: no such limit
  std::optional<double> shared_quota = {};
  Duration statistics_lag{};       // age of the data in the statistics
  double refused_tokens = 0;       // fraction of the calls with a token
  bool single_use_tokens = false;  // a token is rejected when it is used a second time
  // Lifetime of a token since its issue. The platform's documents say one minute; absent: tokens do
  // not expire.
  std::optional<Duration> token_life = {};
  Duration jitter{};  // median of a call's additional round-trip time
};

}  // namespace taskwatchd::plan
