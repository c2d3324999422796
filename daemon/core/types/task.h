// A task: one device's share of a job. Contents of responses, stored record.
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
  kUnknown,  // not from the API: an unknown status
};
inline constexpr std::size_t kTaskStatusCount = 9;
inline constexpr std::array<TaskStatus, kTaskStatusCount> kAllTaskStatuses = {
    TaskStatus::kQueued,    TaskStatus::kSent,      TaskStatus::kInProgress,
    TaskStatus::kSucceeded, TaskStatus::kFailed,    TaskStatus::kRejected,
    TaskStatus::kTimedOut,  TaskStatus::kCancelled, TaskStatus::kUnknown};

// The API's spelling: "IN_PROGRESS". kUnknown is "UNKNOWN".
inline constexpr std::array<std::string_view, kTaskStatusCount> kTaskStatusNames = {
    "QUEUED",   "SENT",      "IN_PROGRESS", "SUCCEEDED", "FAILED",
    "REJECTED", "TIMED_OUT", "CANCELLED",   "UNKNOWN"};
inline std::string_view name(TaskStatus status) {
  return name_in(kTaskStatusNames, status);
}
// Exact and case-sensitive: "succeeded" is kUnknown, like any other unknown text.
inline TaskStatus parse_task_status(std::string_view word) {
  return find_in<TaskStatus>(kTaskStatusNames, word).value_or(TaskStatus::kUnknown);
}

// FAILED, REJECTED, TIMED_OUT: the statuses that operators are alerted about.
constexpr bool is_bad(TaskStatus s) {
  return s == TaskStatus::kFailed || s == TaskStatus::kRejected || s == TaskStatus::kTimedOut;
}
// Bad, SUCCEEDED or CANCELLED. UNKNOWN is not finished: polling continues.
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

// The content of a successful QueryTask response or a ListTask row. Text fields are as sent by the
// API, repaired to valid UTF-8; message and status_detail come from the device and must be escaped
// for every sink.
struct TaskReply {
  std::string task_id;
  std::string job_id;
  std::string job_name;
  std::string product_key;
  std::string device_name;
  TaskStatus status = TaskStatus::kUnknown;
  std::string status_text;         // as sent by the API, only when status is kUnknown
  std::optional<double> progress;  // 0 to 100 as reported; absent if not reported
  std::string message;
  std::string status_detail;
  Wall modified;        // UtcModified
  Wall queued;          // UtcQueueTime
  bool listed = false;  // a list row: it has neither message nor status_detail
};

// A task of one account. Task ids are unique within an account.
struct TaskKey {
  std::string account;
  std::string task_id;
  auto operator<=>(const TaskKey&) const = default;
};

// The durable record of a task: the last accepted response and a short history.
struct TaskRecord {
  TaskKey key;
  std::string instance;  // the label iot_instance
  TaskReply last;
  std::uint32_t attempt = 1;    // incremented by each rerun
  Wall first_seen;              // receive time of the first successful response
  Wall last_seen;               // receive time of the last response that showed this status
  std::optional<Wall> started;  // start of IN_PROGRESS, only if that transition was observed
  bool superseded = false;      // a rerun made a new task for the same job and device
  bool gone = false;            // the platform no longer knows it
};

}  // namespace taskwatchd
