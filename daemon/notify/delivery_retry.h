// When a notification is tried again, and when it is dropped. No I/O.
#pragma once

#include <cstdint>
#include <optional>

#include "core/types/time.h"

namespace taskwatchd {

// Of an event that the receiver does not accept. The fault may lie in a receiver that is being
// updated, so it is not dropped at once.
inline constexpr std::uint32_t kMaxRejectedTries = 5;

// The wait before the next attempt after `failures` failures in a row (at least 1): 1 s, 2 s, 4 s
// and so on up to 60 s, each shortened by up to a quarter so that sinks do not retry together; at
// least `pause`, which the receiver asked for. `random01`: from 0 up to, but not including, 1.
Duration retry_wait(std::uint32_t failures, double random01, std::optional<Duration> pause);

// True if an event that was rejected so many times is dropped.
constexpr bool is_rejected_for_good(std::uint32_t rejections) {
  return rejections >= kMaxRejectedTries;
}
// True if an event of that time is too old to be sent. False if the clock has been set back behind
// it.
bool is_too_old(Wall event_at, Wall now, Duration give_up);

}  // namespace taskwatchd
