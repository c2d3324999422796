// What an account says of its watched jobs, and what it expects of them. Pure.
#pragma once

#include <vector>

#include "account/watched_job.h"
#include "core/polling/job_planner.h"
#include "core/tracking/task_table.h"
#include "core/types/status.h"

namespace taskwatchd {

// One view a job. Walks over all tasks if a job has a deadline.
std::vector<JobView> job_views(const WatchedJobs& jobs, const JobPlanner& planner,
                               const TaskTable& table, Now now);

// Forecasts the end of each unfinished job anew: two walks over all tasks.
void look_ahead(WatchedJobs& jobs, const JobPlanner& planner, const TaskTable& table, Now now);

}  // namespace taskwatchd
