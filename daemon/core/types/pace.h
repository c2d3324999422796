// How often one thing is asked at most, even when calls are left (configuration key `pace`).
// Zero is no floor.
#pragma once

#include "core/types/time.h"

namespace taskwatchd {

struct Pace {
  Duration task = std::chrono::seconds(5);      // one unfinished task by QueryTask
  Duration job = std::chrono::seconds(1);       // one unfinished job's statistics
  Duration finished = std::chrono::minutes(1);  // finished things that a rerun could revive
  bool operator==(const Pace&) const = default;
};

}  // namespace taskwatchd
