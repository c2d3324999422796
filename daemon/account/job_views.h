// What an account reports about its watched jobs, and their forecasts. No I/O.
#pragma once

#include <vector>

#include "account/watched_job.h"
#include "core/polling/job_planner.h"
#include "core/tracking/task_table.h"
#include "core/types/status.h"

namespace taskwatchd {

// Returns one view per job. Scans all tasks if a job has a deadline.
std::vector<JobView> job_views(const WatchedJobs& jobs, const JobPlanner& planner,
                               const TaskTable& table, Now now);

// Recomputes the forecast of each unfinished job: two passes over all tasks.
void update_forecasts(WatchedJobs& jobs, const JobPlanner& planner, const TaskTable& table,
                      Now now);

}  // namespace taskwatchd
