// The families with series per task: status, progress, info and timestamps. Tasks are kept in
// blocks, each of which the metrics output shares until one of its tasks changes; the blocks of
// unfinished tasks are separate, because few others change. Event-loop thread only; this class
// enforces no limit on the number of tasks.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/events/event.h"
#include "core/types/task.h"
#include "view/copy_on_write.h"
#include "view/metrics_writer.h"
#include "view/task_block.h"

namespace taskwatchd {

// Returns whether a task gets its own series, according to the key metrics.task_series.
bool wants_series(TaskSeries policy, bool is_explicit, TaskStatus status);

// Immutable: any thread may read it, apart from TaskBlock::written().
using TaskBlocks = std::vector<std::shared_ptr<const TaskBlock>>;
// Writes all families that have a series, each once.
void write_task_families(const TaskBlocks& blocks, MetricsWriter& page);

class TaskFamilies {
 public:
  TaskFamilies() = default;
  TaskFamilies(const TaskFamilies&) = delete;
  TaskFamilies& operator=(const TaskFamilies&) = delete;

  // Adds the task or replaces its data. `instance` and `labels` are those of the configuration.
  // Progress is clamped to 0 to 100.
  void put(const TaskRecord& record, const std::string& instance, const StringMap& labels);
  // Removes the task's series, if any.
  void erase(const TaskKey& key);
  // Sets new configured names for a task that has series; does nothing for other tasks.
  void rename(const TaskKey& key, const std::string& instance, const StringMap& labels);

  // Returns the status of a task that has series.
  std::optional<TaskStatus> status(const TaskKey& key) const;
  // The current series.
  TaskBlocks share();

 private:
  struct Task;
  using Tasks = std::map<TaskKey, Task>;
  // Full blocks and one that may have room.
  struct Blocks {
    std::vector<CopyOnWrite<TaskBlock>> blocks;
    std::vector<Tasks::iterator> tasks;  // in the order of the blocks
  };
  struct Task {
    Blocks* in = nullptr;
    std::size_t index = 0;
  };
  static const TaskBlock& block_of(const Task& task);
  static std::size_t index_in_block(const Task& task) { return task.index % TaskBlock::kTasks; }
  static TaskBlock& edit_block(const Task& task);
  Blocks& blocks_for(TaskStatus status);
  void add(Tasks::iterator task, const TaskValues& values, const TaskLabels& labels);
  void remove(const Task& task);

  Blocks unfinished_, finished_;
  Tasks tasks_;
};

}  // namespace taskwatchd
