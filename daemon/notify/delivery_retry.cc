#include "notify/delivery_retry.h"

#include <algorithm>

namespace taskwatchd {
namespace {

constexpr double kFirstSeconds = 1;
constexpr double kLongestSeconds = 60;
constexpr std::uint32_t kDoublings = 6;  // 1 s to 64 s: beyond, the wait is the longest one
constexpr double kRetryJitter = 0.25;    // of the wait

}  // namespace

Duration retry_wait(std::uint32_t failures, double random01, std::optional<Duration> pause) {
  const std::uint32_t doublings = std::min(failures == 0 ? 0 : failures - 1, kDoublings);
  const double wait =
      std::min(kFirstSeconds * static_cast<double>(1u << doublings), kLongestSeconds);
  return std::max(from_seconds(wait * (1 - kRetryJitter * random01)), pause.value_or(Duration(0)));
}

bool is_too_old(Wall event_at, Wall now, Duration give_up) {
  return now - event_at > give_up;
}

}  // namespace taskwatchd
