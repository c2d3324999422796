// Tasks that pass their instance's deadline unfinished. Told once each: the instant up to which was
// looked is stored together with what it brought.
#include <map>

#include "account/account.h"
#include "core/task_events.h"

namespace taskwatchd {

void Account::look_for_overdue(Now now, Commit& commit) {
  std::map<std::string_view, Duration> deadlines;
  for (const InstanceConfig& instance : config_.instances) {
    if (instance.deadline) deadlines.emplace(instance.name, *instance.deadline);
  }
  if (deadlines.empty()) return;
  const Wall since = std::exchange(overdue_looked_, now.wall);
  std::vector<std::string> passed;
  tracker_.table().for_each([&](const TaskRow& row) {
    if (!row.seen || row.gone || row.superseded || is_finished(row.status)) return;
    const auto deadline = deadlines.find(row.context->instance);
    if (deadline == deadlines.end()) return;
    const auto due =
        row.queued + std::chrono::duration_cast<std::chrono::milliseconds>(deadline->second);
    // A task first seen long past its deadline is counted by the metrics, but that is no news.
    if (due > since && due <= now.wall) passed.push_back(row.id);
  });
  for (const std::string& id : passed) {
    const TaskRow& row = *tracker_.row(id);
    commit.events.push_back(task_overdue(*tracker_.record(id), deadlines.at(row.context->instance),
                                         now.wall, row.context->labels));
  }
  commit.marks.push_back({config_.name, "overdue", now.wall});
}

}  // namespace taskwatchd
