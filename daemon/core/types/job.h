// A job: one instruction to many devices, one task each. Contents of responses, stored record.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types/names.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

enum class JobStatus : std::uint8_t {
  kInitializing,
  kWaiting,
  kInProgress,
  kCompleted,  // all tasks are finished, successfully or not
  kCancelling,
  kCancelled,
  kRemoving,
  kTimedOut,
  kUnknown,  // not from the API: an unknown status, or none yet
};
inline constexpr std::array<JobStatus, 9> kAllJobStatuses = {
    JobStatus::kInitializing, JobStatus::kWaiting,    JobStatus::kInProgress,
    JobStatus::kCompleted,    JobStatus::kCancelling, JobStatus::kCancelled,
    JobStatus::kRemoving,     JobStatus::kTimedOut,   JobStatus::kUnknown};

// The API's spelling: "IN_PROGRESS". kUnknown is "UNKNOWN".
inline constexpr std::array<std::string_view, 9> kJobStatusNames = {
    "INITIALIZING", "WAITING",  "IN_PROGRESS", "COMPLETED", "CANCELLING",
    "CANCELLED",    "REMOVING", "TIMED_OUT",   "UNKNOWN"};
inline std::string_view name(JobStatus status) {
  return name_in(kJobStatusNames, status);
}
// Exact and case-sensitive, as with tasks.
inline JobStatus parse_job_status(std::string_view word) {
  return find_in<JobStatus>(kJobStatusNames, word).value_or(JobStatus::kUnknown);
}
// COMPLETED, CANCELLED, TIMED_OUT. RerunJob can restart COMPLETED and TIMED_OUT jobs.
constexpr bool is_finished(JobStatus s) {
  return s == JobStatus::kCompleted || s == JobStatus::kCancelled || s == JobStatus::kTimedOut;
}

// A number of tasks for each status, by static_cast<std::size_t>(TaskStatus).
using TaskCounts = std::array<std::uint32_t, kTaskStatusCount>;
inline std::uint32_t& count_of(TaskCounts& counts, TaskStatus s) {
  return counts[static_cast<std::size_t>(s)];
}
inline std::uint32_t count_of(const TaskCounts& counts, TaskStatus s) {
  return counts[static_cast<std::size_t>(s)];
}

// The content of a successful QueryJobStatistics response. It does not include the job id.
struct JobStatistics {
  TaskCounts tasks{};  // kUnknown: total minus the sum of the others, at least 0
  std::uint32_t total = 0;
  bool operator==(const JobStatistics&) const = default;
};

// The content of a successful QueryJob response or a ListJob row, which has no timeout and rollout.
struct JobReply {
  std::string job_id;
  std::string job_name;
  std::string type;  // "CUSTOM_JOB", ...
  JobStatus status = JobStatus::kUnknown;
  std::string status_text;          // as sent by the API, only when status is kUnknown
  std::optional<Duration> timeout;  // of a task, from IN_PROGRESS
  std::optional<double> rollout_per_minute;
  std::optional<Wall> scheduled;  // absent: it started at once
  Wall created;                   // UtcCreate
  Wall modified;                  // UtcModified
};

// One page of ListTask. Its rows include neither message nor status_detail.
struct TaskPage {
  std::vector<TaskReply> tasks;  // each with `listed` set, in the API's order
  std::string next_token;        // empty: the last page. Valid for one minute
  std::size_t unreadable = 0;    // rows that are not as documented, not in `tasks`
};

// One page of ListJob.
struct JobPage {
  std::vector<JobReply> jobs;
  std::uint32_t page = 1;      // from 1
  std::uint32_t total = 0;     // jobs on all pages
  std::size_t unreadable = 0;  // rows that are not as documented, not in `jobs`
};

struct JobKey {
  std::string account;
  std::string job_id;
  auto operator<=>(const JobKey&) const = default;
};

// The durable record of a job.
struct JobRecord {
  JobKey key;
  std::string instance;       // the label iot_instance
  JobReply last;              // status kUnknown with no text: never read
  Wall first_seen;            // when watching began
  Wall last_seen;             // receive time of the last response about it
  bool baselined = false;     // its first scan is complete and logged
  std::optional<Wall> ended;  // when all its tasks were first observed finished
};

}  // namespace taskwatchd
