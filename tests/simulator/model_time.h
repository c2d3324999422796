// Instants of the simulated platform. The model has no clock: callers pass each instant, from real
// clocks in iotsim and from a manually advanced one in the simulation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iotsim {

struct Now {
  std::int64_t wall_ms = 0;  // Unix milliseconds, UTC: stamps and device lives
  std::int64_t mono_us = 0;  // never jumps back: rate windows and schedules
};

// Returns such as 2019-05-21T13:03:56.000Z, the format of UtcModified.
std::string utc_milliseconds(std::int64_t wall_ms);
// Returns such as 2019-05-21T13:03:56Z, the format of Timestamp and x-acs-date.
std::string utc_seconds(std::int64_t wall_ms);
// The inverse of utc_seconds; nullopt for any other text.
std::optional<std::int64_t> parse_utc_seconds(std::string_view text);
// Returns such as Tue, 21 May 2019 13:03:56 GMT, the format of the Date header.
std::string http_date(std::int64_t wall_ms);

}  // namespace iotsim
