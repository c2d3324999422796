#include "account/overdue_watch.h"

#include <map>
#include <utility>
#include <vector>

#include "core/task_events.h"

namespace taskwatchd {

void OverdueWatch::look(const AccountConfig& config, const Tracker& tracker, Now now,
                        Commit& commit) {
  std::map<std::string_view, Duration> deadlines;
  for (const InstanceConfig& instance : config.instances) {
    if (instance.deadline) deadlines.emplace(instance.name, *instance.deadline);
  }
  if (deadlines.empty()) return;
  const Wall since = std::exchange(looked_, now.wall);
  std::vector<std::string> passed;
  tracker.table().for_each([&](const TaskRow& row) {
    if (!row.seen || row.gone || row.superseded || is_finished(row.status)) return;
    const auto deadline = deadlines.find(row.context->instance);
    if (deadline == deadlines.end()) return;
    const auto due =
        row.queued + std::chrono::duration_cast<std::chrono::milliseconds>(deadline->second);
    // A task first seen long past its deadline is counted by the metrics, but that is no news.
    if (due > since && due <= now.wall) passed.push_back(row.id);
  });
  for (const std::string& id : passed) {
    const TaskRow& row = *tracker.row(id);
    commit.events.push_back(task_overdue(*tracker.record(id), deadlines.at(row.context->instance),
                                         now.wall, row.context->labels));
  }
  commit.marks.push_back({config.name, kMark, now.wall});
}

}  // namespace taskwatchd
