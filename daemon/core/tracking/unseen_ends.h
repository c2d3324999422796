// Ends of one job's tasks that its statistics count and no response has shown: how many, and since
// when there have been any. Whatever keeps the lists from being read, a person learns here that
// tasks finished without being seen. No I/O. Event-loop thread only. The caller passes the time.
#pragma once

#include <cstdint>
#include <optional>

#include "core/types/job.h"
#include "core/types/time.h"

namespace taskwatchd {

class UnseenEnds {
 public:
  // To be called when either may have changed. `counted`: the newest statistics, null before the
  // first. `shown`: the job's tasks by the status that responses have shown last. Status by status,
  // since an end that is shown twice (a rerun) must not stand for one that was not shown.
  void update(const JobStatistics* counted, const TaskCounts& shown, Wall now);

  std::uint32_t tasks() const { return tasks_; }
  // When `tasks` became more than 0; nullopt while it is 0. Ends have no identity here, so that of
  // a busy job is the earliest that the oldest unseen end can be.
  std::optional<Wall> since() const { return since_; }

 private:
  std::uint32_t tasks_ = 0;
  std::optional<Wall> since_;
};

}  // namespace taskwatchd
