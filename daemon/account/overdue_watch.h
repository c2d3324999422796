// Which tasks have passed their instance's deadline unfinished, each reported once: a person who
// waits for the event wants neither a task left out nor one reported twice, also across restarts,
// clock steps and a deadline that is added later. No I/O. Event-loop thread only. The caller passes
// the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "config/config.h"
#include "core/tracking/tracker.h"
#include "core/types/change.h"
#include "core/types/time.h"

namespace taskwatchd {

class OverdueWatch {
 public:
  // Events per call of `report`: a commit with more of them would delay the commits behind it.
  static constexpr std::size_t kMost = 1000;

  // Continues from the stored times; without one, what passes its deadline after `now` is reported.
  OverdueWatch(std::string account, const std::vector<StoredTime>& stored, Wall now);

  // Adds to `commit` one event for each task that has passed its deadline since the last call, the
  // earliest first and at most `kMost`, and the times from which a restart continues. Tasks beyond
  // `kMost` follow in the next calls. Without any deadline there are no events, and no times unless
  // there is something else to store.
  void report(const std::vector<InstanceConfig>& instances, const Tracker& tracker, Wall now,
              Commit& commit);

 private:
  // When a task's deadline passed. Tasks of a job are queued in the same instant, so a hash of the
  // id makes a total order that is the same after a restart.
  using Due = std::pair<Wall, std::uint32_t>;
  struct Passed {
    Due due;
    const TaskRow* row = nullptr;
    Duration deadline{};
  };

  std::vector<Passed> unfinished_due(const std::vector<InstanceConfig>& instances,
                                     const Tracker& tracker, Wall until) const;
  void follow_clock(const std::vector<InstanceConfig>& instances, const Tracker& tracker, Wall now);

  std::string account_;
  Due reported_;  // everything up to here was reported, or was not meant to be
  // The clock was set back: what had been handled when it showed a later time, up to
  // `ahead_until_`.
  Due ahead_until_;
  std::unordered_set<std::string> ahead_;
};

}  // namespace taskwatchd
