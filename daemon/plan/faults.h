// What goes wrong in a modelled cloud and on the way to it. As it stands: nothing.
#pragma once

#include <optional>

#include "core/types/time.h"

namespace taskwatchd::plan {

struct Faults {
  double failing_calls = 0;  // share of the calls
  // They fail in equal parts by 5xx, by a time-out (the call is answered, but no reply comes), and
  // by being throttled. Else each is answered 503.
  bool mixed = false;
  double other_calls = 0;            // of the account's other programs, per second and API
  std::optional<double> quota = {};  // calls/s of each API that the cloud allows; as configured
  std::optional<double> shared_quota = {};  // calls/s of all APIs together; no such limit
  Duration statistics_lag{};                // the statistics show how things stood so long ago
  double refused_tokens = 0;                // share of the calls with a token
  bool single_use_tokens = false;           // a token that was answered is refused the second time
  // Of a token, from when it was given out. The platform's documents say a minute; absent: each
  // token lives on.
  std::optional<Duration> token_life = {};
  Duration jitter{};  // median of what a call's way takes longer, there and back
};

}  // namespace taskwatchd::plan
