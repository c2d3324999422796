#include "view/task_families.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/time.h"
#include "view/families.h"
#include "view/sample.h"

namespace taskwatchd {
namespace {

constexpr std::array<FamilyId, 5> kTaskFamilies = {FamilyId::kTaskStatus, FamilyId::kTaskProgress,
                                                   FamilyId::kTaskInfo, FamilyId::kTaskQueued,
                                                   FamilyId::kTaskModified};

// The one source of both writers: calls emit(labels, value) for each sample of one family.
template <typename Emit>
void for_each_sample(const TaskPoint& point, FamilyId id, const Emit& emit) {
  std::array<Label, 4> labels = {{{"account", point.key.account},
                                  {"job_id", point.job_id},
                                  {"task_id", point.key.task_id},
                                  {"status", ""}}};
  const Labels identity(labels.data(), 3);
  if (id == FamilyId::kTaskStatus) {
    for (const TaskStatus status : kAllTaskStatuses) {
      labels[3].second = name(status);
      emit(Labels(labels), point.status == status ? 1.0 : 0.0);
    }
  } else if (id == FamilyId::kTaskProgress) {
    if (point.progress) emit(identity, *point.progress);
  } else if (id == FamilyId::kTaskInfo) {
    std::vector<Label> info = {
        {"account", point.key.account},    {"iot_instance", point.instance},
        {"job_id", point.job_id},          {"task_id", point.key.task_id},
        {"job_name", point.job_name},      {"product_key", point.product_key},
        {"device_name", point.device_name}};
    for (const auto& [label, text] : point.labels) info.emplace_back(label, text);
    emit(Labels(info), 1.0);
  } else if (id == FamilyId::kTaskQueued) {
    emit(identity, point.queued);
  } else if (id == FamilyId::kTaskModified) {
    emit(identity, point.modified);
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

TaskPoint task_point(const TaskRecord& record, const std::string& instance,
                     const StringMap& labels) {
  TaskPoint point;
  point.key = record.key;
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

void TaskFamilies::put(TaskPoint point) {
  const TaskKey key = point.key;
  Entry& entry = entries_[key];
  entry.point = std::move(point);
  write(entry);
}

void TaskFamilies::erase(const TaskKey& key) {
  entries_.erase(key);
}

void TaskFamilies::rename(const TaskKey& key, const std::string& instance,
                          const StringMap& labels) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  TaskPoint& point = found->second.point;
  point.instance = label_text(instance);
  point.labels = label_texts(labels);
  write(found->second);
}

const TaskPoint* TaskFamilies::find(const TaskKey& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second.point;
}

void TaskFamilies::write(Entry& entry) {
  scratch_.clear();
  for (std::size_t i = 0; i < kFamilies; ++i) {
    const Family& shown = family(kTaskFamilies[i]);
    for_each_sample(entry.point, shown.id, [&](Labels labels, double value) {
      append_sample(scratch_, shown, labels, value);
    });
    entry.end[i] = static_cast<std::uint32_t>(scratch_.size());
  }
  entry.text = std::string(scratch_);
}

std::size_t TaskFamilies::bytes() const {
  std::size_t sum = 0;
  for (const auto& [key, entry] : entries_) sum += entry.text.size();
  return sum;
}

void TaskFamilies::append_to(std::string& page) const {
  for (std::size_t i = 0; i < kFamilies; ++i) {
    bool begun = false;
    for (const auto& [key, entry] : entries_) {
      const std::size_t begin = i == 0 ? 0 : entry.end[i - 1];
      if (begin == entry.end[i]) continue;
      if (!begun) append_head(page, family(kTaskFamilies[i]));
      begun = true;
      page.append(entry.text, begin, entry.end[i] - begin);
    }
  }
}

std::vector<prometheus::MetricFamily> TaskFamilies::Collect() const {
  std::vector<prometheus::MetricFamily> result;
  for (const FamilyId id : kTaskFamilies) {
    prometheus::MetricFamily collected = empty_family(family(id));
    for (const auto& [key, entry] : entries_) {
      for_each_sample(entry.point, id,
                      [&](Labels labels, double value) { add_sample(collected, labels, value); });
    }
    if (!collected.metric.empty()) result.push_back(std::move(collected));
  }
  return result;
}

}  // namespace taskwatchd
