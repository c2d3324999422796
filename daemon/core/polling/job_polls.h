// Which job's statistics and details are polled next. One statistics call shows that some task of a
// job has finished; the details have the job's own status. No I/O. Event-loop thread only.
#pragma once

#include "core/polling/plan_rule.h"
#include "core/polling/planned_job.h"
#include "core/types/call.h"
#include "core/types/gates.h"
#include "core/types/pace.h"

namespace taskwatchd {

// A task that has not timed out this long after its timeout is no longer expected to.
inline constexpr Duration kTimeoutLate = std::chrono::seconds(10);

// The earliest time of the job's next call, and the rule that sets it. Both `explain` and the
// choices below use these.
Planned statistics_plan(const PlannedJob& job, const Pace& pace, Mono now);
Planned details_plan(const PlannedJob& job, const Pace& pace, Mono now);

// The job whose statistics have probably changed most; the job whose details are oldest.
NextCall next_statistics(const PlannedJobs& jobs, const Pace& pace, const Gates& gates, Mono now);
NextCall next_details(const PlannedJobs& jobs, const Pace& pace, const Gates& gates, Mono now);

}  // namespace taskwatchd
