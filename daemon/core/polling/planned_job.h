// One watched job as its planner knows it: the counts of the statistics, the tasks shown by
// responses, calls in flight and the state of its list scans. Plain data. Event-loop thread only.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "core/polling/list_scan.h"
#include "core/polling/poll_slot.h"
#include "core/types/job.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

// ListTask has one list per status; the last entry is the list of all tasks.
inline constexpr std::size_t kTaskLists = kTaskStatusCount;
inline constexpr std::size_t kAllTasks = static_cast<std::size_t>(TaskStatus::kUnknown);

constexpr std::size_t list_of(TaskStatus status) {
  return static_cast<std::size_t>(status);
}

struct PlannedJob {
  std::string id;
  std::string instance;
  bool assisting = false;         // only some of its tasks are watched
  bool statistics_usable = true;  // QueryJobStatistics may be called
  bool details_usable = true;     // QueryJob may be called
  TaskCounts known{};             // tasks by last known status

  std::optional<JobStatistics> statistics;  // the newest that came
  Mono statistics_at = Mono::min();         // when they were received
  Mono counted_at = Mono::min();            // when they were requested
  PollSlot statistics_poll;
  std::optional<JobReply> details;
  PollSlot details_poll;
  bool recount = false;  // the job details have changed: the tasks may have, too
  std::uint32_t heartbeats =
      0;  // heartbeat calls of a finished job, shared by statistics and details

  std::array<ListScan, kTaskLists> lists;
  std::array<ListScan, kTaskLists> parallel;  // the parallel scan, during a call of the first
  std::array<Mono, kTaskLists> unreconciled_since{};  // max(): nothing is unreconciled
  Mono excess_since = Mono::max();                    // max(): no more tasks recorded than counted
  TaskCounts scanned_counts{};  // only with `assisting`: the statistics at the last complete scan
                                // of the list
  std::deque<Mono> timeouts;    // of tasks past their own timeout, not seen to finish yet

  // nullptr while statistics are unavailable: the lists are then read without a count.
  const JobStatistics* count() const {
    return statistics_usable && statistics ? &*statistics : nullptr;
  }
  // All its tasks are finished. Never true with `assisting`: its tasks have their own poll
  // interval.
  bool is_finished() const {
    if (assisting) return false;
    const TaskCounts& tasks = count() != nullptr ? count()->tasks : known;
    std::uint32_t finished = 0, all = 0;
    for (const TaskStatus status : kAllTaskStatuses) {
      all += count_of(tasks, status);
      if (taskwatchd::is_finished(status)) finished += count_of(tasks, status);
    }
    return all > 0 && finished == all;
  }
};

using PlannedJobs = std::map<std::string, PlannedJob>;  // by job id

}  // namespace taskwatchd
