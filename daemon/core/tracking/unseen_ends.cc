#include "core/tracking/unseen_ends.h"

#include <algorithm>

namespace taskwatchd {

void UnseenEnds::update(const JobStatistics* counted, const TaskCounts& shown, Wall now) {
  tasks_ = 0;
  for (const TaskStatus status : kAllTaskStatuses) {
    if (counted == nullptr || !is_finished(status)) continue;
    const std::uint32_t ended = count_of(counted->tasks, status);
    tasks_ += ended - std::min(ended, count_of(shown, status));
  }
  if (tasks_ == 0) {
    since_.reset();
  } else if (!since_) {
    since_ = now;
  }
}

}  // namespace taskwatchd
