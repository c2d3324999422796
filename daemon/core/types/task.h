// A task: one device's share of a job. What a reply says of it, and what we hold of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/types/names.h"
#include "core/types/time.h"

namespace taskwatchd {

enum class TaskStatus : std::uint8_t {
  kQueued,
  kSent,
  kInProgress,
  kSucceeded,
  kFailed,
  kRejected,
  kTimedOut,
  kCancelled,
  kUnknown,  // ours: a word of the cloud that we do not know
};
inline constexpr std::size_t kTaskStatusCount = 9;
inline constexpr std::array<TaskStatus, kTaskStatusCount> kAllTaskStatuses = {
    TaskStatus::kQueued,    TaskStatus::kSent,      TaskStatus::kInProgress,
    TaskStatus::kSucceeded, TaskStatus::kFailed,    TaskStatus::kRejected,
    TaskStatus::kTimedOut,  TaskStatus::kCancelled, TaskStatus::kUnknown};

// The cloud's spelling: "IN_PROGRESS". kUnknown is "UNKNOWN".
inline constexpr std::array<std::string_view, kTaskStatusCount> kTaskStatusNames = {
    "QUEUED",   "SENT",      "IN_PROGRESS", "SUCCEEDED", "FAILED",
    "REJECTED", "TIMED_OUT", "CANCELLED",   "UNKNOWN"};
inline std::string_view name(TaskStatus status) {
  return name_in(kTaskStatusNames, status);
}
// Exact, case counts: "succeeded" is kUnknown, as any other word is.
inline TaskStatus parse_task_status(std::string_view word) {
  return find_in<TaskStatus>(kTaskStatusNames, word).value_or(TaskStatus::kUnknown);
}

// FAILED, REJECTED, TIMED_OUT: what operators want to be woken for.
constexpr bool is_bad(TaskStatus s) {
  return s == TaskStatus::kFailed || s == TaskStatus::kRejected || s == TaskStatus::kTimedOut;
}
// Bad, SUCCEEDED or CANCELLED. UNKNOWN is not finished: we keep asking.
constexpr bool is_finished(TaskStatus s) {
  return is_bad(s) || s == TaskStatus::kSucceeded || s == TaskStatus::kCancelled;
}
// QUEUED < SENT < IN_PROGRESS < finished. UNKNOWN ranks with IN_PROGRESS.
constexpr int rank(TaskStatus s) {
  if (is_finished(s)) return 3;
  if (s == TaskStatus::kQueued) return 0;
  if (s == TaskStatus::kSent) return 1;
  return 2;
}

// What one good QueryTask reply says, or a row of ListTask. Text fields hold what the cloud sent,
// repaired to valid UTF-8; message and status_detail are a device's words and must be escaped for
// every sink.
struct TaskReply {
  std::string task_id;
  std::string job_id;
  std::string job_name;
  std::string product_key;
  std::string device_name;
  TaskStatus status = TaskStatus::kUnknown;
  std::string status_text;         // the cloud's word, only when status is kUnknown
  std::optional<double> progress;  // 0 to 100 as reported; absent if none was
  std::string message;
  std::string status_detail;
  Wall modified;        // UtcModified
  Wall queued;          // UtcQueueTime
  bool listed = false;  // a row of a list: it carries neither message nor status_detail
};

// A task of one account. Task ids are unique in an account.
struct TaskKey {
  std::string account;
  std::string task_id;
  auto operator<=>(const TaskKey&) const = default;
};

// What we hold of a task, all of it durable: the last believed reply and its history in short.
struct TaskRecord {
  TaskKey key;
  std::string instance;  // the label iot_instance
  TaskReply last;
  std::uint32_t attempt = 1;    // a rerun opens the next
  Wall first_seen;              // receive time of the first good reply
  Wall last_seen;               // receive time of the last reply that showed this status
  std::optional<Wall> started;  // when IN_PROGRESS began, only if that step itself was read
  bool superseded = false;      // a rerun made a new task for the same job and device
  bool gone = false;            // the cloud no longer knows it
};

}  // namespace taskwatchd
