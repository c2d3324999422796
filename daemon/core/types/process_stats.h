// Resource usage of the process, as plain values: io/process_stats reads them, view/metrics exports
// them as process_*. A value that could not be read is absent, never 0.
#pragma once

#include <cstdint>
#include <optional>

namespace taskwatchd {

struct ProcessStats {
  std::optional<double> cpu_seconds;  // user and system, since the process started
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> open_fds;
  std::optional<std::uint64_t> max_fds;  // soft limit
  std::optional<std::uint64_t> threads;
  std::optional<double> start_time;  // Unix seconds; the same at each read
};

}  // namespace taskwatchd
