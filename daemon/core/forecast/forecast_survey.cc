#include "core/forecast/forecast_survey.h"

#include <algorithm>

#include "core/forecast/forecast_flow.h"
#include "core/tracking/task_table.h"

namespace taskwatchd {

TaskSample sample_of(const TaskRow& row) {
  const bool known = row.status == TaskStatus::kInProgress && row.started != Wall::min();
  return {row.status, known ? std::min(row.started, row.modified) : row.modified, row.last_seen};
}

void ForecastSurvey::add(const TaskSample& task) {
  const double age = std::max(0.0, seconds(now_ - task.entered));
  const double seen = seconds(task.seen - task.entered);
  if (task.status == TaskStatus::kSent && seen > seconds(Flow::kQuick)) ++sent_long_;
  if (task.status != TaskStatus::kInProgress) return;
  ++running_;
  unseen_running_.stay(seen, age);
  Ages& ages = ages_[LifeTable::bucket(age)];
  ages.youngest = ages.count > 0 ? std::min(ages.youngest, age) : age;
  ages.sum += age;
  ++ages.count;
}

}  // namespace taskwatchd
