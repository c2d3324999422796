// The families with series per task as prometheus-cpp values, written straight from the records:
// what TaskFamilies must show.
#pragma once

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/types/task.h"
#include "view/families.h"
#include "view/label_text.h"

namespace taskwatchd {

struct ShownTask {
  TaskRecord record;
  std::string instance;
  StringMap labels;
};
using ShownTasks = std::map<TaskKey, ShownTask>;

inline void add_gauge(prometheus::MetricFamily& to,
                      const std::vector<std::pair<std::string, std::string>>& labels,
                      double value) {
  prometheus::ClientMetric& metric = to.metric.emplace_back();
  for (const auto& [label, text] : labels) metric.label.push_back({label, text});
  metric.gauge.value = value;
}

inline std::vector<prometheus::MetricFamily> reference_of(const ShownTasks& tasks) {
  std::vector<prometheus::MetricFamily> all;
  const auto begin = [&](FamilyId id) -> prometheus::MetricFamily& {
    prometheus::MetricFamily& made = all.emplace_back();
    made.name = family(id).name;
    made.help = family(id).help;
    made.type = prometheus::MetricType::Gauge;
    return made;
  };
  const auto identity = [](const TaskKey& key, const ShownTask& task) {
    return std::vector<std::pair<std::string, std::string>>{
        {"account", key.account},
        {"job_id", label_text(task.record.last.job_id)},
        {"task_id", key.task_id}};
  };
  prometheus::MetricFamily& status = begin(FamilyId::kTaskStatus);
  for (const auto& [key, task] : tasks) {
    for (const TaskStatus one : kAllTaskStatuses) {
      auto labels = identity(key, task);
      labels.emplace_back("status", name(one));
      add_gauge(status, labels, one == task.record.last.status ? 1 : 0);
    }
  }
  prometheus::MetricFamily& progress = begin(FamilyId::kTaskProgress);
  for (const auto& [key, task] : tasks) {
    const auto percent = task.record.last.progress;
    if (!percent || !std::isfinite(*percent)) continue;
    add_gauge(progress, identity(key, task), std::clamp(*percent / 100, 0.0, 1.0));
  }
  prometheus::MetricFamily& info = begin(FamilyId::kTaskInfo);
  for (const auto& [key, task] : tasks) {
    const TaskReply& last = task.record.last;
    std::vector<std::pair<std::string, std::string>> labels = {
        {"account", key.account},
        {"iot_instance", label_text(task.instance)},
        {"job_id", label_text(last.job_id)},
        {"task_id", key.task_id},
        {"job_name", label_text(last.job_name)},
        {"product_key", label_text(last.product_key)},
        {"device_name", label_text(last.device_name)}};
    for (const auto& [label, value] : task.labels) labels.emplace_back(label, label_text(value));
    add_gauge(info, labels, 1);
  }
  prometheus::MetricFamily& queued = begin(FamilyId::kTaskQueued);
  for (const auto& [key, task] : tasks) {
    add_gauge(queued, identity(key, task), unix_seconds(task.record.last.queued));
  }
  prometheus::MetricFamily& modified = begin(FamilyId::kTaskModified);
  for (const auto& [key, task] : tasks) {
    add_gauge(modified, identity(key, task), unix_seconds(task.record.last.modified));
  }
  std::erase_if(all, [](const auto& one) { return one.metric.empty(); });
  return all;
}

}  // namespace taskwatchd
