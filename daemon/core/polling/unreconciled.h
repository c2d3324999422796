// Tasks that a job's statistics count and no response has shown yet, per list, and the reverse:
// more tasks recorded in a status than counted. Both show which lists are worth reading. No I/O.
// Event-loop thread only.
#pragma once

#include <cstdint>
#include <optional>

#include "core/polling/planned_job.h"
#include "core/types/pace.h"

namespace taskwatchd {

// Tasks in the list that no response has shown in it. Without statistics: an estimate that grows
// with the time since the last complete scan of the list.
double unreconciled_in(const PlannedJob& job, std::size_t list, const Pace& pace, Mono now);
// Tasks never observed, while they are many and the list of all tasks was never scanned completely:
// each of its pages shows 50 of them, whatever their status is meanwhile. 0 otherwise.
double unobserved_tasks(const PlannedJob& job);
// The list would show tasks that were never seen, rather than new statuses of known ones.
bool is_first_observation(const PlannedJob& job, std::size_t list);
// Call after each change of the statistics or of recorded statuses: sets since when tasks are
// unreconciled or surplus.
void update_unreconciled_since(PlannedJob& job, const Pace& pace, Mono now);

// The number of tasks whose recorded status must still change until the records agree with the
// newest statistics.
std::uint32_t unreconciled_tasks(const PlannedJob& job);
// A status with more recorded than counted tasks, for longer than lists need to show where they
// went: such tasks must be polled one by one.
std::optional<TaskStatus> excess_status(const PlannedJob& job, Mono now);
// Every task that the statistics count was observed; without statistics: every list was scanned
// completely.
bool is_fully_observed(const PlannedJob& job);

}  // namespace taskwatchd
