// One watched job as its planner knows it: what the statistics count, what replies have shown,
// which calls are under way and how far its lists were read. Plain data. Event-loop thread only.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "core/polling/list_walk.h"
#include "core/polling/poll_slot.h"
#include "core/types/job.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

// ListTask has a list for each status, and the last one, of all tasks.
inline constexpr std::size_t kTaskLists = kTaskStatusCount;
inline constexpr std::size_t kAllTasks = static_cast<std::size_t>(TaskStatus::kUnknown);

constexpr std::size_t list_of(TaskStatus status) {
  return static_cast<std::size_t>(status);
}

struct PlannedJob {
  std::string id;
  std::string instance;
  bool partly = false;      // only some of its tasks are watched
  bool countable = true;    // QueryJobStatistics may be called
  bool describable = true;  // QueryJob may be called
  TaskCounts held{};        // tasks by the status in which a reply has shown them

  std::optional<JobStatistics> statistics;  // the newest that came
  Mono statistics_at = Mono::min();         // when they were received
  Mono counted_at = Mono::min();            // when they were asked for
  PollSlot statistics_poll;
  std::optional<JobReply> description;
  PollSlot description_poll;
  bool recount = false;     // the description has moved on: the tasks may have, too
  std::uint32_t beats = 0;  // calls while all is finished, for the count and the status in turn

  std::array<ListWalk, kTaskLists> lists;
  std::array<ListWalk, kTaskLists> beside;       // a second walk while the first waits for its page
  std::array<Mono, kTaskLists> missing_since{};  // max(): nothing is missing
  Mono surplus_since = Mono::max();              // max(): no status has more tasks than there are
  TaskCounts walked{};        // only with `partly`: the statistics when the list was read whole
  std::deque<Mono> timeouts;  // of tasks past their own timeout, until they are seen to end

  // Nothing while statistics cannot be had: the lists are then read without a count.
  const JobStatistics* count() const { return countable && statistics ? &*statistics : nullptr; }
  // All its tasks are finished. Never true of one with `partly`: its tasks have a pace of their
  // own.
  bool is_finished() const {
    if (partly) return false;
    const TaskCounts& tasks = count() != nullptr ? count()->tasks : held;
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
