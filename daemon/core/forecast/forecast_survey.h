// What is held of a job's unfinished tasks at one instant, in a form whose size does not grow with
// them. Made anew for each forecast, by one walk over the tasks. Pure; 4 kB while it lives.
#pragma once

#include <array>
#include <cstdint>

#include "core/forecast/life_table.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

struct TaskRow;

// What a reply showed of a task, or what is held of it.
struct Sight {
  TaskStatus status = TaskStatus::kUnknown;
  Wall entered;  // the status: UtcModified, or when IN_PROGRESS began if that is known
  Wall seen;     // in this status for the last time, by a reply received then
};
// REQUIRES: the row is of a seen task.
Sight sight_of(const TaskRow& row);

class ForecastSurvey {
 public:
  struct Ages {
    double count = 0;
    double sum = 0;       // seconds
    double youngest = 0;  // seconds
  };

  explicit ForecastSurvey(Wall now) : now_(now) {}

  // One task. Only SENT and IN_PROGRESS ones matter; any may be given. About 20 ns.
  void add(const Sight& task);

  // IN_PROGRESS tasks by age.
  double running() const { return running_; }
  const std::array<Ages, LifeTable::kBuckets>& ages() const { return ages_; }
  // How long they have been since they were last seen, by age.
  const LifeTable& unseen_running() const { return unseen_running_; }
  // SENT tasks that were last seen at an age over Flow::kQuick.
  double sent_long() const { return sent_long_; }

 private:
  Wall now_;
  double running_ = 0, sent_long_ = 0;
  std::array<Ages, LifeTable::kBuckets> ages_{};
  LifeTable unseen_running_;
};

}  // namespace taskwatchd
