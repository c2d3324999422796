#include "view/task_families.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/types/time.h"
#include "view/families.h"
#include "view/sample.h"

namespace taskwatchd {
namespace {

constexpr std::array<FamilyId, 5> kTaskFamilies = {FamilyId::kTaskStatus, FamilyId::kTaskProgress,
                                                   FamilyId::kTaskInfo, FamilyId::kTaskQueued,
                                                   FamilyId::kTaskModified};

using Identity = std::array<Label, 3>;
Identity identity(const TaskKey& key, const TaskPoint& point) {
  return {{{"account", key.account}, {"job_id", point.job_id}, {"task_id", key.task_id}}};
}

const std::array<std::string_view, kTaskStatusCount>& status_names() {
  static const auto names = [] {
    std::array<std::string_view, kTaskStatusCount> made;
    std::transform(kAllTaskStatuses.begin(), kAllTaskStatuses.end(), made.begin(),
                   [](TaskStatus status) { return name(status); });
    return made;
  }();
  return names;
}

// The source of both output forms: calls emit(labels, value) for each sample of one family.
template <typename Emit>
void for_each_sample(const TaskKey& key, const TaskPoint& point, FamilyId id, const Emit& emit) {
  if (id == FamilyId::kTaskStatus) {
    for (const std::string_view status : status_names()) {
      const auto [account, job, task] = identity(key, point);
      const std::array<Label, 4> labels = {account, job, task, Label("status", status)};
      emit(labels, status == name(point.status) ? 1.0 : 0.0);
    }
  } else if (id == FamilyId::kTaskProgress) {
    if (point.progress) emit(identity(key, point), *point.progress);
  } else if (id == FamilyId::kTaskInfo) {
    std::vector<Label> info = {
        {"account", key.account},          {"iot_instance", point.instance},
        {"job_id", point.job_id},          {"task_id", key.task_id},
        {"job_name", point.job_name},      {"product_key", point.product_key},
        {"device_name", point.device_name}};
    for (const auto& [label, text] : point.labels) info.emplace_back(label, text);
    emit(info, 1.0);
  } else if (id == FamilyId::kTaskQueued) {
    emit(identity(key, point), point.queued);
  } else if (id == FamilyId::kTaskModified) {
    emit(identity(key, point), point.modified);
  }
}

std::optional<double> ratio(const std::optional<double>& percent) {
  if (!percent || !std::isfinite(*percent)) return std::nullopt;
  return std::clamp(*percent / 100, 0.0, 1.0);
}

StringMap label_texts(const StringMap& labels) {
  StringMap result;
  for (const auto& [label, text] : labels) result.emplace_back(label, label_text(text));
  return result;
}

TaskPoint task_point(const TaskRecord& record, const std::string& instance,
                     const StringMap& labels) {
  TaskPoint point;
  point.instance = label_text(instance);
  point.job_id = label_text(record.last.job_id);
  point.job_name = label_text(record.last.job_name);
  point.product_key = label_text(record.last.product_key);
  point.device_name = label_text(record.last.device_name);
  point.labels = label_texts(labels);
  point.status = record.last.status;
  point.progress = ratio(record.last.progress);
  point.queued = unix_seconds(record.last.queued);
  point.modified = unix_seconds(record.last.modified);
  return point;
}

}  // namespace

bool wants_series(TaskSeries policy, bool is_explicit, TaskStatus status) {
  switch (policy) {
    case TaskSeries::kNone:
      return false;
    case TaskSeries::kExplicit:
      return is_explicit;
    case TaskSeries::kBad:
      return is_explicit || is_bad(status);
    case TaskSeries::kActive:
      return is_explicit || is_bad(status) || !is_finished(status);
    case TaskSeries::kAll:
      return true;
  }
  return false;
}

void TaskFamilies::put(const TaskRecord& record, const std::string& instance,
                       const StringMap& labels) {
  points_.insert_or_assign(record.key, task_point(record, instance, labels));
}

void TaskFamilies::erase(const TaskKey& key) {
  points_.erase(key);
}

void TaskFamilies::rename(const TaskKey& key, const std::string& instance,
                          const StringMap& labels) {
  const auto found = points_.find(key);
  if (found == points_.end()) return;
  found->second.instance = label_text(instance);
  found->second.labels = label_texts(labels);
}

const TaskPoint* TaskFamilies::find(const TaskKey& key) const {
  const auto found = points_.find(key);
  return found == points_.end() ? nullptr : &found->second;
}

void TaskFamilies::append_to(PageWriter& page) const {
  for (const FamilyId id : kTaskFamilies) {
    const Family& shown = family(id);
    bool begun = false;
    const auto begin = [&] {
      if (!begun) append_head(page.text(), shown);
      begun = true;
    };
    const auto append = [&](Labels labels, double value) {
      begin();
      append_sample(page.text(), shown, labels, value);
    };
    for (const auto& [key, point] : points_) {
      if (id == FamilyId::kTaskStatus) {
        begin();
        append_states(page.text(), shown, identity(key, point), "status", status_names(),
                      name(point.status));
      } else {
        for_each_sample(key, point, id, append);
      }
      page.lines_ended();
    }
  }
}

std::vector<prometheus::MetricFamily> TaskFamilies::Collect() const {
  std::vector<prometheus::MetricFamily> result;
  for (const FamilyId id : kTaskFamilies) {
    prometheus::MetricFamily collected = empty_family(family(id));
    const auto add = [&](Labels labels, double value) { add_sample(collected, labels, value); };
    for (const auto& [key, point] : points_) {
      for_each_sample(key, point, id, add);
    }
    if (!collected.metric.empty()) result.push_back(std::move(collected));
  }
  return result;
}

}  // namespace taskwatchd
