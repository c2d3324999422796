// A job: one instruction to many devices, one task each. What replies say of it, what we hold.
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
  kCompleted,  // all tasks are finished, well or badly
  kCancelling,
  kCancelled,
  kRemoving,
  kTimedOut,
  kUnknown,  // ours: a word of the cloud that we do not know, or none yet
};
inline constexpr std::array<JobStatus, 9> kAllJobStatuses = {
    JobStatus::kInitializing, JobStatus::kWaiting,    JobStatus::kInProgress,
    JobStatus::kCompleted,    JobStatus::kCancelling, JobStatus::kCancelled,
    JobStatus::kRemoving,     JobStatus::kTimedOut,   JobStatus::kUnknown};

// The cloud's spelling: "IN_PROGRESS". kUnknown is "UNKNOWN".
inline constexpr std::array<std::string_view, 9> kJobStatusNames = {
    "INITIALIZING", "WAITING",  "IN_PROGRESS", "COMPLETED", "CANCELLING",
    "CANCELLED",    "REMOVING", "TIMED_OUT",   "UNKNOWN"};
inline std::string_view name(JobStatus status) {
  return name_in(kJobStatusNames, status);
}
// Exact, case counts, as with tasks.
inline JobStatus parse_job_status(std::string_view word) {
  return find_in<JobStatus>(kJobStatusNames, word).value_or(JobStatus::kUnknown);
}
// COMPLETED, CANCELLED, TIMED_OUT. RerunJob takes up COMPLETED and TIMED_OUT ones.
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

// What a good QueryJobStatistics reply says. It does not name its job: the asker knows.
struct JobStatistics {
  TaskCounts tasks{};  // kUnknown: total less the sum of the others, never below 0
  std::uint32_t total = 0;
  bool operator==(const JobStatistics&) const = default;
};

// What a good QueryJob reply says, or a row of ListJob, which lacks timeout and rollout.
struct JobReply {
  std::string job_id;
  std::string job_name;
  std::string type;  // "CUSTOM_JOB", ...
  JobStatus status = JobStatus::kUnknown;
  std::string status_text;          // the cloud's word, only when status is kUnknown
  std::optional<Duration> timeout;  // of a task, from IN_PROGRESS
  std::optional<double> rollout_per_minute;
  std::optional<Wall> scheduled;  // absent: it began at once
  Wall created;                   // UtcCreate
  Wall modified;                  // UtcModified
};

// One page of ListTask. Its rows carry neither message nor status_detail.
struct TaskPage {
  std::vector<TaskReply> tasks;  // each with `listed` set, in the cloud's order
  std::string next_token;        // empty: the last page. Valid for a minute
  std::size_t unreadable = 0;    // rows that are not as documented, left out of `tasks`
};

// One page of ListJob.
struct JobPage {
  std::vector<JobReply> jobs;
  std::uint32_t page = 1;      // from 1
  std::uint32_t total = 0;     // jobs in all pages
  std::size_t unreadable = 0;  // rows that are not as documented, left out of `jobs`
};

struct JobKey {
  std::string account;
  std::string job_id;
  auto operator<=>(const JobKey&) const = default;
};

// What we hold of a job, all of it durable.
struct JobRecord {
  JobKey key;
  std::string instance;       // the label iot_instance
  JobReply last;              // status kUnknown with no text: never read
  Wall first_seen;            // when we began to watch it
  Wall last_seen;             // receive time of the last reply about it
  bool baselined = false;     // its first scan is done and told
  std::optional<Wall> ended;  // when it was seen that all its tasks are finished
};

}  // namespace taskwatchd
