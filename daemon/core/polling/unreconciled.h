// What the statistics of a job count and no reply has shown yet, list by list, and the reverse:
// what is known of more tasks than there are. Both say which lists are worth reading. Pure;
// event-loop thread only.
#pragma once

#include <cstdint>
#include <optional>

#include "core/polling/planned_job.h"
#include "core/types/pace.h"

namespace taskwatchd {

// Tasks that the list holds and that no reply has shown in it. Without statistics: an estimate that
// grows with the time since the list was read whole.
double missing_tasks(const PlannedJob& job, std::size_t list, const Pace& pace, Mono now);
// Tasks that no reply has named, while they are many and the list of all was never read whole: each
// page of that one names fifty, wherever they have got to meanwhile. 0 otherwise.
double unnamed_tasks(const PlannedJob& job);
// The list would name tasks that were never seen, rather than where known ones have got to.
bool is_first_sight(const PlannedJob& job, std::size_t list);
// To be called after each change of the statistics or of what is held: sets the instants since when
// something is missing or surplus.
void note_missing(PlannedJob& job, const Pace& pace, Mono now);

// Tasks that are to be moved from one status to another until the replies agree with the newest
// statistics.
std::uint32_t unreconciled_tasks(const PlannedJob& job);
// A status that more tasks are held in than there are, for longer than it takes to find where they
// went: they are to be asked one by one.
std::optional<TaskStatus> surplus_status(const PlannedJob& job, Mono now);
// Every task that the statistics count was named; without statistics: every list was read whole.
bool is_known_whole(const PlannedJob& job);

}  // namespace taskwatchd
