// Tasks that pass their instance's deadline unfinished. Logged once each: the instant up to which
// was looked is stored together with what it brought. No I/O. Event-loop thread only.
#pragma once

#include <optional>

#include "config/config.h"
#include "core/change.h"
#include "core/tracker.h"

namespace taskwatchd {

class OverdueWatch {
 public:
  static constexpr char kMark[] = "overdue";
  void restore(std::optional<Wall> looked, Now now) { looked_ = looked.value_or(now.wall); }
  void look(const AccountConfig& config, const Tracker& tracker, Now now, Commit& commit);

 private:
  Wall looked_;
};

}  // namespace taskwatchd
