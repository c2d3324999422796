// Completions of one job's tasks that its statistics count and no response has shown: how many, and
// since when. Whatever prevents reading the lists, this reports that tasks finished without being
// observed. No I/O. Event-loop thread only. The caller passes the time.
#pragma once

#include <cstdint>
#include <optional>

#include "core/types/job.h"
#include "core/types/time.h"

namespace taskwatchd {

class UnseenEnds {
 public:
  // Call when either may have changed. `counted`: the newest statistics, null before the first.
  // `shown`: the job's tasks by last known status. Compares status by status, because a completion
  // observed twice (a rerun) must not compensate for an unobserved one.
  void update(const JobStatistics* counted, const TaskCounts& shown, Wall now);

  std::uint32_t tasks() const { return tasks_; }
  // When `tasks` became more than 0; nullopt while it is 0. Completions are not identified
  // individually, so for a busy job this is the earliest possible time of the oldest unseen one.
  std::optional<Wall> since() const { return since_; }

 private:
  std::uint32_t tasks_ = 0;
  std::optional<Wall> since_;
};

}  // namespace taskwatchd
