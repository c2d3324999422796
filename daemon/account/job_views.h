// What an account reports about its watched jobs. No I/O.
#pragma once

#include <vector>

#include "account/watched_job.h"
#include "core/polling/job_planner.h"
#include "core/tracking/task_table.h"
#include "core/types/status.h"

namespace taskwatchd {

std::vector<JobView> job_views(const WatchedJobs& jobs, const JobPlanner& planner,
                               const TaskTable& table, Now now);

}  // namespace taskwatchd
