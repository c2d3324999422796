#include "core/polling/unreconciled.h"

#include <algorithm>
#include <numeric>

namespace taskwatchd {
namespace {

constexpr Duration kExcessAge = std::chrono::seconds(30);
constexpr double kManyUnobserved = 0.5;  // of a job's tasks
constexpr double kFewEnded = 0.25;       // of a job's tasks
// Without statistics: changes per second that a list is assumed to contain.
constexpr double kBlindRate = 0.2;

double sum(const TaskCounts& tasks) {
  return std::accumulate(tasks.begin(), tasks.end(), 0.0);
}

double estimated_unreconciled(const PlannedJob& job, std::size_t list, const Pace& pace, Mono now) {
  if (job.statistics_usable || job.assisting) return 0;  // the statistics come first
  const Mono since = job.lists[list].complete_since();
  if (list == kAllTasks) return 0;
  if (since == Mono::min()) return 1000;
  if (job.is_finished() && now - since < pace.finished) return 0;
  return std::min(1.0 + kBlindRate * seconds(now - since), 1000.0);
}

// Lists that cannot be read to their end do not show the unreconciled tasks.
bool is_stuck(const PlannedJob& job, const Pace& pace, Mono now) {
  for (std::size_t list = 0; list < kTaskLists; ++list) {
    if (job.lists[list].is_stuck() && unreconciled_in(job, list, pace, now) > 0) return true;
  }
  return false;
}

}  // namespace

double unobserved_tasks(const PlannedJob& job) {
  if (job.count() == nullptr || job.assisting || job.is_finished()) return 0;
  const ListScan& scan = job.lists[kAllTasks];
  if (scan.complete_since() != Mono::min()) return 0;
  const double total = job.count()->total;
  const double deficit = total - sum(job.known);
  if (scan.midway()) return std::max(0.0, deficit);
  double ended = 0;
  for (const TaskStatus status : kAllTaskStatuses) {
    if (is_finished(status)) ended += count_of(job.count()->tasks, status);
  }
  return deficit > kManyUnobserved * total && ended < kFewEnded * total ? deficit : 0;
}

bool is_first_observation(const PlannedJob& job, std::size_t list) {
  if (job.count() == nullptr || job.assisting) return false;
  const bool all = unobserved_tasks(job) > 0;
  if (list == kAllTasks) return all;
  const bool never = job.lists[list].complete_since() == Mono::min();
  return !all && never && job.lists[kAllTasks].complete_since() == Mono::min();
}

double unreconciled_in(const PlannedJob& job, std::size_t list, const Pace& pace, Mono now) {
  if (job.count() == nullptr) return estimated_unreconciled(job, list, pace, now);
  if (const double all = list == kAllTasks ? unobserved_tasks(job) : 0; all > 0) return all;
  const double there = job.count()->tasks[list];
  const double known = job.assisting ? job.scanned_counts[list] : job.known[list];
  return std::max(0.0, there - known);
}

void update_unreconciled_since(PlannedJob& job, const Pace& pace, Mono now) {
  if (!job.statistics) return;
  double excess = 0, deficit = 0;
  for (std::size_t list = 0; list < kTaskLists; ++list) {
    const double gone = unreconciled_in(job, list, pace, now);
    deficit += gone;
    excess += std::max(0.0, double(job.known[list]) - double(job.statistics->tasks[list]));
    Mono& since = job.unreconciled_since[list];
    since = gone <= 0 ? Mono::max() : std::min(since, now);
  }
  // While lists still show where surplus tasks went, these need no calls of their own.
  if (excess <= 0 || (deficit > 0 && !is_stuck(job, pace, now))) {
    job.excess_since = Mono::max();
  } else {
    job.excess_since = std::min(job.excess_since, now);
  }
}

std::uint32_t unreconciled_tasks(const PlannedJob& job) {
  if (!job.statistics || job.assisting) return 0;
  std::uint32_t deficit = 0, excess = 0;
  for (std::size_t list = 0; list < kTaskLists; ++list) {
    const std::uint32_t there = job.statistics->tasks[list];
    const std::uint32_t known = job.known[list];
    deficit += there > known ? there - known : 0;
    excess += known > there ? known - there : 0;
  }
  return std::max(deficit, excess);
}

std::optional<TaskStatus> excess_status(const PlannedJob& job, Mono now) {
  if (!job.statistics || job.assisting) return std::nullopt;
  if (job.excess_since == Mono::max() || now - job.excess_since < kExcessAge) return std::nullopt;
  const auto is_in_excess = [&](TaskStatus status) {
    return count_of(job.known, status) > count_of(job.statistics->tasks, status);
  };
  // IN_PROGRESS and SENT first: such tasks may have failed.
  for (const TaskStatus status : {TaskStatus::kInProgress, TaskStatus::kSent}) {
    if (is_in_excess(status)) return status;
  }
  const auto found = std::find_if(kAllTaskStatuses.begin(), kAllTaskStatuses.end(), is_in_excess);
  return found == kAllTaskStatuses.end() ? std::nullopt : std::optional(*found);
}

bool is_fully_observed(const PlannedJob& job) {
  if (job.statistics_usable) return job.statistics && sum(job.known) >= job.statistics->total;
  return std::all_of(job.lists.begin(), job.lists.begin() + kAllTasks,
                     [](const ListScan& scan) { return scan.complete_since() != Mono::min(); });
}

}  // namespace taskwatchd
