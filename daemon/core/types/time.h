// Time points and durations. Core never reads a clock: every time is passed as an argument. Mono
// includes suspend and never jumps (CLOCK_BOOTTIME); use it for waiting and for rates. Wall is UTC
// in milliseconds, like the platform's timestamps; use it for records only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

using Duration = std::chrono::microseconds;

// Not readable: only io/system_clock and the simulation create its time points.
struct MonoClock {
  using rep = std::int64_t;
  using period = std::micro;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonoClock>;
  static constexpr bool is_steady = true;
};
using Mono = MonoClock::time_point;
using Wall = std::chrono::sys_time<std::chrono::milliseconds>;

// Both clocks, read once per iteration of the event loop.
struct Now {
  Mono mono;
  Wall wall;
};

constexpr double seconds(Duration d) {
  return static_cast<double>(d.count()) / 1e6;
}
// Unix seconds, as Prometheus expects timestamps.
constexpr double unix_seconds(Wall t) {
  return static_cast<double>(t.time_since_epoch().count()) / 1e3;
}
constexpr Duration from_seconds(double s) {
  return Duration(static_cast<std::int64_t>(s * 1e6));
}

// RFC 3339 in UTC with milliseconds: 2026-11-22T01:02:03.004Z.
std::string rfc3339(Wall t);
// The format of signatures and of the v1 Timestamp: 2026-11-22T01:02:03Z.
std::string rfc3339_seconds(Wall t);
// Parses yyyy-MM-ddTHH:mm:ss[.fraction]Z, the format of the QueryTask documentation. Returns
// nullopt for anything else and for impossible dates. Truncates the fraction to three digits.
std::optional<Wall> parse_utc(std::string_view text);

}  // namespace taskwatchd
