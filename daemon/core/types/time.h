// Instants and spans. Core never asks the time: every instant arrives as an argument.
// Mono runs through suspend and never jumps (CLOCK_BOOTTIME); use it for waiting and for rates.
// Wall is UTC in milliseconds, as the cloud stamps things; use it for records only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

using Duration = std::chrono::microseconds;

// A clock that cannot be read: only io/system_clock and the simulation make its time points.
struct MonoClock {
  using rep = std::int64_t;
  using period = std::micro;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonoClock>;
  static constexpr bool is_steady = true;
};
using Mono = MonoClock::time_point;
using Wall = std::chrono::sys_time<std::chrono::milliseconds>;

// Both clocks, read once a turn.
struct Now {
  Mono mono;
  Wall wall;
};

constexpr double seconds(Duration d) {
  return static_cast<double>(d.count()) / 1e6;
}
// Unix seconds, as Prometheus wants its timestamps.
constexpr double unix_seconds(Wall t) {
  return static_cast<double>(t.time_since_epoch().count()) / 1e3;
}
constexpr Duration from_seconds(double s) {
  return Duration(static_cast<std::int64_t>(s * 1e6));
}

// RFC 3339 in UTC with milliseconds: 2026-11-22T01:02:03.004Z.
std::string rfc3339(Wall t);
// The second form is the signatures' and the v1 Timestamp's: 2026-11-22T01:02:03Z.
std::string rfc3339_seconds(Wall t);
// Reads yyyy-MM-ddTHH:mm:ss[.fraction]Z, as QueryTask's document writes it; nothing else, and no
// impossible date. More than three digits of fraction are cut.
std::optional<Wall> parse_utc(std::string_view text);

}  // namespace taskwatchd
