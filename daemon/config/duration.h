// Human-readable durations, in the formats of Prometheus and of Go. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/types/time.h"

namespace taskwatchd {

// As in Prometheus, larger units first, each at most once: 500ms 30s 5m 1h 1h30m 30d 1w 1y. Returns
// nullopt for any other text.
std::optional<Duration> parse_duration(std::string_view text);
// The same notation, in whole milliseconds: 1d12h, 500ms, 0s.
std::string format_duration(Duration duration);
// As Go's time.ParseDuration: an optional sign, then decimal numbers with the units ns us µs ms s m
// h in any order: 1.5s, 100us, -1m. Fractions of a microsecond are truncated. Returns nullopt for
// any other text.
std::optional<Duration> parse_go_duration(std::string_view text);

}  // namespace taskwatchd
