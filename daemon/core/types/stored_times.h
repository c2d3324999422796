// The stored times of an account by key, and the keys of those that belong to a job: key and id of
// the job together. These are pruned with the record of the job. No I/O.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "core/types/change.h"

namespace taskwatchd {

inline constexpr std::string_view kJobStalledKey = "stalled:";        // see job_stalled
inline constexpr std::string_view kJobUnreportedKey = "unreported:";  // see job_finished
inline constexpr std::array<std::string_view, 2> kJobTimeKeys = {kJobStalledKey, kJobUnreportedKey};

inline std::optional<Wall> find_stored_time(const std::vector<StoredTime>& stored,
                                            std::string_view key) {
  for (const StoredTime& stored_time : stored) {
    if (stored_time.key == key) return stored_time.at;
  }
  return std::nullopt;
}

}  // namespace taskwatchd
