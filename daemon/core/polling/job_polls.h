// Whose statistics and whose description are asked next: one call for the statistics shows that
// something ended anywhere in a job; the description has the job's own status. Pure; event-loop
// thread only.
#pragma once

#include "core/polling/plan_rule.h"
#include "core/polling/planned_job.h"
#include "core/types/call.h"
#include "core/types/gates.h"
#include "core/types/pace.h"

namespace taskwatchd {

// A task that has not timed out so long after its timeout is no longer expected to.
inline constexpr Duration kTimeoutLate = std::chrono::seconds(10);

// The earliest instant of the job's next call, and by which rule. `explain` and the choices below
// both go by these.
Planned statistics_plan(const PlannedJob& job, const Pace& pace, Mono now);
Planned description_plan(const PlannedJob& job, const Pace& pace, Mono now);

// The job whose statistics are likely to have changed most; the description that is oldest.
NextCall next_statistics(const PlannedJobs& jobs, const Pace& pace, const Gates& gates, Mono now);
NextCall next_description(const PlannedJobs& jobs, const Pace& pace, const Gates& gates, Mono now);

}  // namespace taskwatchd
