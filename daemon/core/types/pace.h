// Minimum poll intervals, even when calls are left (configuration key `pace`). 0: no minimum.
#pragma once

#include "core/types/time.h"

namespace taskwatchd {

struct Pace {
  Duration task = std::chrono::seconds(5);      // one unfinished task by QueryTask
  Duration job = std::chrono::seconds(1);       // one unfinished job's statistics
  Duration finished = std::chrono::minutes(1);  // finished items that a rerun could revive
  bool operator==(const Pace&) const = default;
};

}  // namespace taskwatchd
