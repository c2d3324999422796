#include "view/task_block.h"

#include <cassert>
#include <string_view>
#include <utility>

#include "view/metrics_writer.h"

namespace taskwatchd {
namespace {

enum Index : std::uint8_t { kStatus, kProgress, kInfo, kQueued, kModified };

constexpr std::string_view kLabelsEnd = "} ";
constexpr std::string_view kInfoEnd = "} 1\n";

// Returns the value of a family with one line per task; nullopt if the task has none.
std::optional<double> value_of(const TaskValues& values, std::size_t family) {
  if (family == kProgress) return values.progress;
  return family == kQueued ? values.queued : values.modified;
}

// The ends of the status lines: for the current status, and for the others.
struct StatusEnds {
  std::array<std::string, kTaskStatusCount> one, zero;
  std::size_t bytes = 0;  // of those of one task
  StatusEnds() {
    for (std::size_t i = 0; i < kTaskStatusCount; ++i) {
      zero[i] = ",status=\"" + std::string(name(kAllTaskStatuses[i])) + "\"} ";
      one[i] = zero[i] + "1\n";
      zero[i] += "0\n";
      bytes += zero[i].size();
    }
  }
};
const StatusEnds& status_ends() {
  static const StatusEnds ends;
  return ends;
}

// `begin`: the begin of all lines of one task.
void append_statuses(std::string& text, std::string_view begin, TaskStatus now) {
  const StatusEnds& ends = status_ends();
  for (std::size_t i = 0; i < kTaskStatusCount; ++i) {
    text += begin;
    text += kAllTaskStatuses[i] == now ? ends.one[i] : ends.zero[i];
  }
}

// The instance is written after the account.
void append_info(std::string& text, std::string_view family, std::string_view labels,
                 const TaskLabels::Ends& ends) {
  text += family;
  text += '{';
  text += labels.substr(0, ends.account);
  text += labels.substr(ends.reported, ends.instance - ends.reported);
  text += labels.substr(ends.account, ends.reported - ends.account);
  text += labels.substr(ends.instance);
  text += kInfoEnd;
}

void append_line(std::string& text, std::string_view family, std::string_view labels,
                 double value) {
  text += family;
  text += '{';
  text += labels;
  text += kLabelsEnd;
  append_value(text, value);
  text += '\n';
}

}  // namespace

TaskBlock::TaskBlock() {
  all_changed();
}

void TaskBlock::all_changed() {
  for (std::size_t i = 0; i < kTaskFamilies.size(); ++i) changed(i);
}

TaskLabels TaskBlock::labels(std::size_t index) const {
  return {std::string(text_of(tasks_[index])), tasks_[index].ends};
}

bool TaskBlock::has_labels(std::size_t index, const TaskLabels& labels) const {
  return tasks_[index].ends == labels.ends && text_of(tasks_[index]) == labels.text;
}

void TaskBlock::push_back(const TaskValues& values, const TaskLabels& labels) {
  assert(tasks_.size() < kTasks);
  tasks_.push_back({values, labels.ends, static_cast<std::uint32_t>(labels_.size())});
  labels_ += labels.text;
  if (tasks_.size() == kTasks) labels_.shrink_to_fit();
  all_changed();
}

void TaskBlock::pop_back() {
  labels_.resize(tasks_.back().begin);
  tasks_.pop_back();
  all_changed();
}

void TaskBlock::set_values(std::size_t index, const TaskValues& values) {
  TaskValues& old = tasks_[index].values;
  if (old.status != values.status) changed(kStatus);
  if (old.progress != values.progress) changed(kProgress);
  if (old.queued != values.queued) changed(kQueued);
  if (old.modified != values.modified) changed(kModified);
  old = values;
}

void TaskBlock::set_labels(std::size_t index, const TaskLabels& labels) {
  Task& task = tasks_[index];
  labels_.replace(task.begin, task.ends.all, labels.text);
  for (std::size_t i = index + 1; i < tasks_.size(); ++i) {
    tasks_[i].begin += labels.ends.all;
    tasks_[i].begin -= task.ends.all;
  }
  task.ends = labels.ends;
  all_changed();
}

void TaskBlock::append_to(std::string& text, std::size_t family) const {
  const std::string_view shown = taskwatchd::family(kTaskFamilies.at(family)).name;
  std::string begin;
  for (const Task& task : tasks_) {
    const std::string_view labels = text_of(task);
    const std::string_view identity = labels.substr(0, task.ends.identity);
    if (family == kStatus) {
      begin.assign(shown).append("{").append(identity);
      append_statuses(text, begin, task.values.status);
    } else if (family == kInfo) {
      append_info(text, shown, labels, task.ends);
    } else if (const std::optional<double> value = value_of(task.values, family)) {
      append_line(text, shown, identity, *value);
    }
  }
}

// The same sizes, added up: a scrape needs them before its first byte is sent.
std::size_t TaskBlock::bytes_of(std::size_t family) const {
  const std::size_t begin = taskwatchd::family(kTaskFamilies.at(family)).name.size() + 1;
  std::size_t bytes = 0;
  std::string written;
  for (const Task& task : tasks_) {
    if (family == kStatus) {
      bytes += kTaskStatusCount * (begin + task.ends.identity) + status_ends().bytes;
    } else if (family == kInfo) {
      bytes += begin + task.ends.all + kInfoEnd.size();
    } else if (const std::optional<double> value = value_of(task.values, family)) {
      written.clear();
      append_value(written, *value);
      bytes += begin + task.ends.identity + kLabelsEnd.size() + written.size() + 1;
    }
  }
  return bytes;
}

}  // namespace taskwatchd
