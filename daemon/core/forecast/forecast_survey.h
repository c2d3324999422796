// The recorded unfinished tasks of a job at one time, in a form of constant size. Built for each
// forecast by one pass over the tasks. No I/O; 4 kB while it exists.
#pragma once

#include <array>
#include <cstdint>

#include "core/forecast/life_table.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

struct TaskRow;

// A task as a response showed it, or as recorded.
struct TaskSample {
  TaskStatus status = TaskStatus::kUnknown;
  Wall entered;  // into the status: UtcModified, or the start of IN_PROGRESS if known
  Wall seen;     // receive time of the last response that showed this status
};
// REQUIRES: the row's task was observed.
TaskSample sample_of(const TaskRow& row);

class ForecastSurvey {
 public:
  struct Ages {
    double count = 0;
    double sum = 0;       // seconds
    double youngest = 0;  // seconds
  };

  explicit ForecastSurvey(Wall now) : now_(now) {}

  // Adds one task. Only SENT and IN_PROGRESS ones matter; any may be passed. About 20 ns.
  void add(const TaskSample& task);

  // IN_PROGRESS tasks by age.
  double running() const { return running_; }
  const std::array<Ages, LifeTable::kBuckets>& ages() const { return ages_; }
  // Times since they were last observed, by age.
  const LifeTable& unseen_running() const { return unseen_running_; }
  // SENT tasks that were last observed at an age above Flow::kQuick.
  double sent_long() const { return sent_long_; }

 private:
  Wall now_;
  double running_ = 0, sent_long_ = 0;
  std::array<Ages, LifeTable::kBuckets> ages_{};
  LifeTable unseen_running_;
};

}  // namespace taskwatchd
