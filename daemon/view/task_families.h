// The families with series a task: status, progress, info and timestamps. Each task's lines are
// kept as ready text and made anew when the task changes, for prometheus-cpp alone takes about a
// hundred times longer on a large page. Collect() gives the same series as prometheus-cpp values.
// Loop's thread only; holds what it is given, with no limit of its own.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/event.h"
#include "core/task.h"

namespace taskwatchd {

// Which tasks get series of their own, by the key metrics.task_series.
bool wants_series(TaskSeries policy, bool is_explicit, TaskStatus status);

// What is shown of one task; texts are fit to be label values.
struct TaskPoint {
  TaskKey key;
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
// `instance` and `labels` are those of the configuration. Progress outside of 0 to 100 is clamped.
TaskPoint task_point(const TaskRecord& record, const std::string& instance,
                     const StringMap& labels);

class TaskFamilies : public prometheus::Collectable {
 public:
  // Adds the task or replaces what is shown of it.
  void put(TaskPoint point);
  // Its series end; nothing happens if it has none.
  void erase(const TaskKey& key);
  // Other configured names for a task that is shown; nothing happens if it is not.
  void rename(const TaskKey& key, const std::string& instance, const StringMap& labels);

  // What is shown of the task; null if nothing is. Valid until the next call that is not const.
  const TaskPoint* find(const TaskKey& key) const;

  std::size_t bytes() const;  // of the lines, without the families' heads
  // Appends all families that have a series, each once.
  void append_to(std::string& page) const;
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  static constexpr std::size_t kFamilies = 5;
  struct Entry {
    TaskPoint point;
    std::string text;                          // the lines of all families, one after the other
    std::array<std::uint32_t, kFamilies> end;  // where each family's lines end in it
  };
  void write(Entry& entry);

  std::map<TaskKey, Entry> entries_;
  std::string scratch_;  // lines in the making: keeps the entries' own text exact in size
};

}  // namespace taskwatchd
