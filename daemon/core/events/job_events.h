// The stored events of jobs, built from records: their names, levels and fields. No I/O.
#pragma once

#include <optional>
#include <string>

#include "core/events/event.h"
#include "core/types/job.h"
#include "core/types/time.h"

namespace taskwatchd {

// The job's status has changed; a warning for TIMED_OUT. `record` is the new one.
Event job_transition(const JobRecord& record, JobStatus from, Wall observed_at,
                     const StringMap& labels);
// One per job, after its first complete scan: its tasks by status.
Event job_baseline(const JobRecord& record, const TaskCounts& counts, Wall observed_at,
                   const StringMap& labels);

// Numbers of tasks of a job.
struct StalledTasks {
  std::uint32_t stalled = 0;
  std::uint32_t unfinished = 0;
  std::uint32_t all = 0;
  Wall since;  // when `stalled` became more than 0
};
// The number of stalled tasks has become more than 0 (a warning), or 0 again.
Event job_stalled(const JobRecord& record, const StalledTasks& tasks, Wall observed_at,
                  const StringMap& labels);
// All tasks of the job are finished and were observed so; a warning if some failed. `attempt`: the
// highest one of its tasks.
Event job_finished(const JobRecord& record, const TaskCounts& counts, std::uint32_t attempt,
                   Wall observed_at, const StringMap& labels);

// Not stored. One of the job's lists seems to have no end; `status` is absent for the list of all
// its tasks.
Event endless_list(const JobRecord& record, std::optional<TaskStatus> status, Wall observed_at);

}  // namespace taskwatchd
