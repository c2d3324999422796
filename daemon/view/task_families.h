// The families with series a task: status, progress, info and timestamps, written as text at each
// scrape, for prometheus-cpp alone takes some twenty times longer. The lines are not kept: they
// take five times the memory of what they tell. Collect() gives the same series as prometheus-cpp
// values. Loop's thread only; holds what it is given, with no limit of its own.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/events/event.h"
#include "core/types/task.h"
#include "view/page_writer.h"

namespace taskwatchd {

// Which tasks get series of their own, by the key metrics.task_series.
bool wants_series(TaskSeries policy, bool is_explicit, TaskStatus status);

// What is shown of one task; texts are fit to be label values.
struct TaskPoint {
  std::string instance;
  std::string job_id;
  std::string job_name;
  std::string product_key;
  std::string device_name;
  StringMap labels;  // configured
  TaskStatus status = TaskStatus::kUnknown;
  std::optional<double> progress;  // 0 to 1
  double queued = 0;               // Unix seconds
  double modified = 0;             // likewise
};

class TaskFamilies : public prometheus::Collectable {
 public:
  // Adds the task or replaces what is shown of it. `instance` and `labels` are those of the
  // configuration. Progress outside of 0 to 100 is clamped.
  void put(const TaskRecord& record, const std::string& instance, const StringMap& labels);
  // Its series end; nothing happens if it has none.
  void erase(const TaskKey& key);
  // Other configured names for a task that is shown; nothing happens if it is not.
  void rename(const TaskKey& key, const std::string& instance, const StringMap& labels);

  // What is shown of the task; null if nothing is. Valid until the next call that is not const.
  const TaskPoint* find(const TaskKey& key) const;

  // Appends all families that have a series, each once.
  void append_to(PageWriter& page) const;
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::map<TaskKey, TaskPoint> points_;
};

}  // namespace taskwatchd
