// The families with series per task: status, progress, info and timestamps. They are written as
// text at each scrape, because prometheus-cpp alone takes about twenty times longer. The lines are
// not cached: they would take five times the memory of the data. Collect() returns the same series
// as prometheus-cpp values. Event-loop thread only; this class enforces no limit on the number of
// tasks.
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

// Returns whether a task gets its own series, according to the key metrics.task_series.
bool wants_series(TaskSeries policy, bool is_explicit, TaskStatus status);

// The exported data of one task; texts are valid label values.
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
  double modified = 0;             // Unix seconds
};

class TaskFamilies : public prometheus::Collectable {
 public:
  // Adds the task or replaces its data. `instance` and `labels` are those of the configuration.
  // Progress is clamped to 0 to 100.
  void put(const TaskRecord& record, const std::string& instance, const StringMap& labels);
  // Removes the task's series, if any.
  void erase(const TaskKey& key);
  // Sets new configured names for a task that has series; does nothing for other tasks.
  void rename(const TaskKey& key, const std::string& instance, const StringMap& labels);

  // Returns the data of the task; null if it has none. Valid until the next non-const call.
  const TaskPoint* find(const TaskKey& key) const;

  // Appends all families that have a series, each once.
  void append_to(PageWriter& page) const;
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::map<TaskKey, TaskPoint> points_;
};

}  // namespace taskwatchd
