#include "core/tracking/task_table.h"

#include <cassert>

namespace taskwatchd {
namespace {

std::size_t mixed(std::size_t a, std::size_t b) {
  return a ^ (b * 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2));
}

}  // namespace

std::size_t TaskTable::DeviceHash::operator()(Slot slot) const {
  const TaskRow& row = table->rows_[slot];
  return mixed(std::hash<std::string_view>()(row.device), mixed(row.job, row.product));
}

bool TaskTable::DeviceEqual::operator()(Slot a, Slot b) const {
  const TaskRow& left = table->rows_[a];
  const TaskRow& right = table->rows_[b];
  return left.job == right.job && left.product == right.product && left.device == right.device;
}

std::optional<TaskTable::Slot> TaskTable::find(std::string_view task_id) const {
  const auto it = by_id_.find(task_id);
  if (it == by_id_.end()) return std::nullopt;
  return *it;
}

TaskTable::Slot TaskTable::add(const std::string& task_id, SharedContext context, Wall since) {
  Slot slot = 0;
  if (free_.empty()) {
    slot = static_cast<Slot>(rows_.size());
    rows_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  TaskRow& row = rows_[slot];
  row.id = task_id;
  row.context = std::move(context);
  row.since = since;
  const bool fresh = by_id_.insert(slot).second;
  assert(fresh);
  return slot;
}

void TaskTable::remove(Slot slot) {
  TaskRow& row = rows_[slot];
  leave_list(slot);
  leave_device(slot);
  by_id_.erase(slot);
  drop_texts(row.job, row.job_name, row.product);
  row = TaskRow{};
  free_.push_back(slot);
}

void TaskTable::drop_texts(SharedTexts::Number job, SharedTexts::Number job_name,
                           SharedTexts::Number product) {
  // The number may be reused for another job.
  for (const SharedTexts::Number number : {job, job_name, product}) {
    if (texts_.drop(number)) jobs_.erase(number);
  }
}

void TaskTable::enter_list(Slot slot) {
  TaskRow& row = rows_[slot];
  JobRows& job = jobs_[row.job];
  if (!row.gone) ++count_of(job.counts, row.status);
  Slot& first = job.first[list_of(row)];
  row.next = first;
  if (first != TaskRow::kNoSlot) rows_[first].previous = slot;
  first = slot;
}

void TaskTable::leave_list(Slot slot) {
  TaskRow& row = rows_[slot];
  if (!row.seen) return;
  JobRows& job = jobs_[row.job];
  if (!row.gone) --count_of(job.counts, row.status);
  (row.previous == TaskRow::kNoSlot ? job.first[list_of(row)] : rows_[row.previous].next) =
      row.next;
  if (row.next != TaskRow::kNoSlot) rows_[row.next].previous = row.previous;
  row.next = row.previous = TaskRow::kNoSlot;
}

const TaskTable::JobRows* TaskTable::rows_of(std::string_view job_id) const {
  const auto number = texts_.find(job_id);
  if (!number) return nullptr;
  const auto found = jobs_.find(*number);
  return found == jobs_.end() ? nullptr : &found->second;
}

TaskCounts TaskTable::counts(std::string_view job_id) const {
  const JobRows* const job = rows_of(job_id);
  return job == nullptr ? TaskCounts{} : job->counts;
}

void TaskTable::set_job_contexts(const ContextOf& context_of) {
  std::unordered_map<std::uint32_t, const SharedContext*>
      contexts;  // by the number of the job's id
  for (TaskRow& row : rows_) {
    if (!row.seen || row.explicit_id) continue;
    const auto [context, fresh] = contexts.try_emplace(row.job, nullptr);
    if (fresh) context->second = context_of(texts_.text(row.job));
    if (context->second != nullptr) row.context = *context->second;
  }
}

TaskRecord TaskTable::record(const std::string& account, Slot slot) const {
  const TaskRow& row = rows_[slot];
  TaskRecord record;
  record.key = {account, row.id};
  record.instance = row.context->instance;
  TaskReply& last = record.last;
  last.task_id = row.id;
  last.job_id = texts_.text(row.job);
  last.job_name = texts_.text(row.job_name);
  last.product_key = texts_.text(row.product);
  last.device_name = row.device;
  last.status = row.status;
  if (row.progress >= 0) last.progress = row.progress;
  if (row.device_message) {
    last.message = row.device_message->message;
    last.status_detail = row.device_message->status_detail;
    last.status_text = row.device_message->status_text;
  }
  last.modified = row.modified;
  last.queued = row.queued;
  record.attempt = row.attempt;
  record.first_seen = row.first_seen;
  record.last_seen = row.last_seen;
  if (row.started != Wall::min()) record.started = row.started;
  record.superseded = row.superseded;
  record.gone = row.gone;
  return record;
}

void TaskTable::assign(Slot slot, const TaskRecord& record) {
  TaskRow& row = rows_[slot];
  const TaskReply& last = record.last;
  // Taken before the old ones are dropped: they are nearly always the same.
  const SharedTexts::Number job = texts_.take(last.job_id);
  const SharedTexts::Number job_name = texts_.take(last.job_name);
  const SharedTexts::Number product = texts_.take(last.product_key);
  if (row.job != job || row.product != product || row.device != last.device_name) {
    leave_device(slot);
  }
  leave_list(slot);
  drop_texts(row.job, row.job_name, row.product);
  row.job = job;
  row.product = product;
  row.device = last.device_name;
  row.job_name = job_name;
  row.status = last.status;
  row.progress = last.progress.value_or(-1);
  if (last.message.empty() && last.status_detail.empty() && last.status_text.empty()) {
    row.device_message.reset();
  } else {
    row.device_message = std::make_unique<TaskRow::DeviceMessage>(
        TaskRow::DeviceMessage{last.message, last.status_detail, last.status_text});
  }
  row.modified = last.modified;
  row.queued = last.queued;
  row.attempt = record.attempt;
  row.first_seen = record.first_seen;
  row.last_seen = record.last_seen;
  row.started = record.started.value_or(Wall::min());
  row.superseded = record.superseded;
  row.gone = record.gone;
  row.seen = true;
  enter_list(slot);
}

std::optional<TaskTable::Slot> TaskTable::of_device(Slot slot) const {
  const TaskRow& row = rows_[slot];
  if (row.device.empty() || row.product == SharedTexts::kEmpty) return std::nullopt;
  const auto it = by_device_.find(slot);
  if (it == by_device_.end()) return std::nullopt;
  return *it;
}

void TaskTable::set_of_device(Slot slot) {
  const TaskRow& row = rows_[slot];
  if (row.device.empty() || row.product == SharedTexts::kEmpty) return;
  by_device_.erase(slot);
  by_device_.insert(slot);
}

void TaskTable::leave_device(Slot slot) {
  const auto it = by_device_.find(slot);
  if (it != by_device_.end() && *it == slot) by_device_.erase(it);
}

}  // namespace taskwatchd
