#include "view/task_families.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "core/types/time.h"
#include "view/families.h"
#include "view/label_text.h"

namespace taskwatchd {
namespace {

std::optional<double> ratio(const std::optional<double>& percent) {
  if (!percent || !std::isfinite(*percent)) return std::nullopt;
  return std::clamp(*percent / 100, 0.0, 1.0);
}

// The text's size is limited: a label value has at most kLabelBytes, twice as many if escaped, and
// config/ limits account names, task ids and the number of configured labels.
std::uint16_t end_of(const std::string& text) {
  assert(text.size() <= std::numeric_limits<std::uint16_t>::max());
  return static_cast<std::uint16_t>(text.size());
}

void append_label(TaskLabels& to, std::string_view label, const std::string& value) {
  const std::array<Label, 1> one = {{{label, value}}};
  if (!to.text.empty()) to.text += ',';
  append_labels(to.text, one);
}

void append_configured(TaskLabels& to, const std::string& instance, const StringMap& labels) {
  append_label(to, "iot_instance", label_text(instance));
  to.ends.instance = end_of(to.text);
  for (const auto& [label, value] : labels) append_label(to, label, label_text(value));
  to.ends.all = end_of(to.text);
}

TaskLabels labels_of(const TaskRecord& record, const std::string& instance,
                     const StringMap& labels) {
  const TaskReply& last = record.last;
  TaskLabels made;
  append_label(made, "account", record.key.account);
  made.ends.account = end_of(made.text);
  append_label(made, "job_id", label_text(last.job_id));
  append_label(made, "task_id", record.key.task_id);
  made.ends.identity = end_of(made.text);
  append_label(made, "job_name", label_text(last.job_name));
  append_label(made, "product_key", label_text(last.product_key));
  append_label(made, "device_name", label_text(last.device_name));
  made.ends.reported = end_of(made.text);
  append_configured(made, instance, labels);
  return made;
}

TaskValues values_of(const TaskReply& last) {
  return {last.status, ratio(last.progress), unix_seconds(last.queued),
          unix_seconds(last.modified)};
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

void write_task_families(const TaskBlocks& blocks, MetricsWriter& page) {
  std::string lines;
  for (std::size_t i = 0; i < kTaskFamilies.size(); ++i) {
    page.begin(family(kTaskFamilies[i]));
    for (const auto& block : blocks) {
      lines.clear();
      block->append_to(lines, i);
      page.lines(lines);
    }
  }
}

void TaskFamilies::put(const TaskRecord& record, const std::string& instance,
                       const StringMap& labels) {
  const TaskValues values = values_of(record.last);
  const TaskLabels shown = labels_of(record, instance, labels);
  const auto [task, is_new] = tasks_.try_emplace(record.key);
  Task& place = task->second;
  if (is_new) return add(task, values, shown);
  if (&blocks_for(values.status) != place.in) {
    remove(place);
    return add(task, values, shown);
  }
  TaskBlock& block = edit_block(place);
  const std::size_t index = index_in_block(place);
  block.set_values(index, values);
  if (!block.has_labels(index, shown)) block.set_labels(index, shown);
}

void TaskFamilies::erase(const TaskKey& key) {
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) return;
  remove(found->second);
  tasks_.erase(found);
}

void TaskFamilies::rename(const TaskKey& key, const std::string& instance,
                          const StringMap& labels) {
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) return;
  const Task& place = found->second;
  TaskLabels renamed = block_of(place).labels(index_in_block(place));
  renamed.text.resize(renamed.ends.reported);
  append_configured(renamed, instance, labels);
  if (block_of(place).has_labels(index_in_block(place), renamed)) return;
  edit_block(place).set_labels(index_in_block(place), renamed);
}

std::optional<TaskStatus> TaskFamilies::status(const TaskKey& key) const {
  const auto found = tasks_.find(key);
  if (found == tasks_.end()) return std::nullopt;
  return block_of(found->second).values(index_in_block(found->second)).status;
}

TaskBlocks TaskFamilies::share() {
  TaskBlocks all;
  all.reserve(unfinished_.blocks.size() + finished_.blocks.size());
  for (Blocks* const blocks : {&unfinished_, &finished_}) {
    for (CopyOnWrite<TaskBlock>& block : blocks->blocks) all.push_back(block.share());
  }
  return all;
}

const TaskBlock& TaskFamilies::block_of(const Task& task) {
  return *task.in->blocks[task.index / TaskBlock::kTasks];
}

TaskBlock& TaskFamilies::edit_block(const Task& task) {
  return task.in->blocks[task.index / TaskBlock::kTasks].edit();
}

TaskFamilies::Blocks& TaskFamilies::blocks_for(TaskStatus status) {
  return is_finished(status) ? finished_ : unfinished_;
}

void TaskFamilies::add(Tasks::iterator task, const TaskValues& values, const TaskLabels& labels) {
  Blocks& in = blocks_for(values.status);
  task->second = {&in, in.tasks.size()};
  if (in.tasks.size() % TaskBlock::kTasks == 0) in.blocks.emplace_back();
  in.tasks.push_back(task);
  in.blocks.back().edit().push_back(values, labels);
}

// The last task takes the place of the removed one, so that only the last block may have room.
void TaskFamilies::remove(const Task& task) {
  Blocks& in = *task.in;
  const Tasks::iterator last = in.tasks.back();
  if (last->second.index != task.index) {
    const TaskBlock& from = block_of(last->second);
    const std::size_t index = index_in_block(last->second);
    const TaskValues values = from.values(index);
    const TaskLabels labels = from.labels(index);
    TaskBlock& to = edit_block(task);
    to.set_values(index_in_block(task), values);
    to.set_labels(index_in_block(task), labels);
    in.tasks[task.index] = last;
    last->second.index = task.index;
  }
  in.tasks.pop_back();
  if (in.tasks.size() % TaskBlock::kTasks == 0) {
    in.blocks.pop_back();
  } else {
    in.blocks.back().edit().pop_back();
  }
}

}  // namespace taskwatchd
