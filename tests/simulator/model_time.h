// Instants of the modelled cloud. The model never asks the time: each instant arrives as an
// argument, from real clocks in iotsim and from a hand-moved one in the simulation.
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

// 2019-05-21T13:03:56.000Z, as UtcModified is written.
std::string utc_milliseconds(std::int64_t wall_ms);
// 2019-05-21T13:03:56Z, as the Timestamp parameter and x-acs-date are written.
std::string utc_seconds(std::int64_t wall_ms);
// The reverse of utc_seconds; nothing for any other text.
std::optional<std::int64_t> parse_utc_seconds(std::string_view text);
// Tue, 21 May 2019 13:03:56 GMT, as the Date header is written.
std::string http_date(std::int64_t wall_ms);

}  // namespace iotsim
