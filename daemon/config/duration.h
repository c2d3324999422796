// Durations as people write them, in the forms of Prometheus and of Go. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/types/time.h"

namespace taskwatchd {

// As in Prometheus, the larger unit first, each at most once: 500ms 30s 5m 1h 1h30m 30d 1w 1y.
// Nothing for any other text.
std::optional<Duration> parse_duration(std::string_view text);
// The same spelling back, whole milliseconds: 1d12h, 500ms, 0s.
std::string format_duration(Duration duration);
// As Go's time.ParseDuration: numbers with or without a point, of ns us µs ms s m h in any order,
// and a sign: 1.5s, 100us, -1m. Part microseconds are cut. Nothing for any other text.
std::optional<Duration> parse_go_duration(std::string_view text);

}  // namespace taskwatchd
