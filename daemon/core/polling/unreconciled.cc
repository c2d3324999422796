#include "core/polling/unreconciled.h"

#include <algorithm>
#include <numeric>

namespace taskwatchd {
namespace {

constexpr Duration kSurplus = std::chrono::seconds(30);
constexpr double kManyUnnamed = 0.5;  // of a job's tasks
constexpr double kFewEnded = 0.25;    // of a job's tasks
// Without statistics: changes per second that a list is assumed to contain.
constexpr double kBlindRate = 0.2;

double sum(const TaskCounts& tasks) {
  return std::accumulate(tasks.begin(), tasks.end(), 0.0);
}

double missing_without_count(const PlannedJob& job, std::size_t list, const Pace& pace, Mono now) {
  if (job.countable || job.partly) return 0;  // the statistics come first
  const Mono since = job.lists[list].whole_since();
  if (list == kAllTasks) return 0;
  if (since == Mono::min()) return 1000;
  if (job.is_finished() && now - since < pace.finished) return 0;
  return std::min(1.0 + kBlindRate * seconds(now - since), 1000.0);
}

// Lists that cannot be read to their end do not show the unreconciled tasks.
bool is_stuck(const PlannedJob& job, const Pace& pace, Mono now) {
  for (std::size_t list = 0; list < kTaskLists; ++list) {
    if (job.lists[list].is_stuck() && missing_tasks(job, list, pace, now) > 0) return true;
  }
  return false;
}

}  // namespace

double unnamed_tasks(const PlannedJob& job) {
  if (job.count() == nullptr || job.partly || job.is_finished()) return 0;
  const ListWalk& walk = job.lists[kAllTasks];
  if (walk.whole_since() != Mono::min()) return 0;
  const double total = job.count()->total;
  const double lacking = total - sum(job.held);
  if (walk.midway()) return std::max(0.0, lacking);
  double ended = 0;
  for (const TaskStatus status : kAllTaskStatuses) {
    if (is_finished(status)) ended += count_of(job.count()->tasks, status);
  }
  return lacking > kManyUnnamed * total && ended < kFewEnded * total ? lacking : 0;
}

bool is_first_sight(const PlannedJob& job, std::size_t list) {
  if (job.count() == nullptr || job.partly) return false;
  const bool all = unnamed_tasks(job) > 0;
  if (list == kAllTasks) return all;
  const bool never = job.lists[list].whole_since() == Mono::min();
  return !all && never && job.lists[kAllTasks].whole_since() == Mono::min();
}

double missing_tasks(const PlannedJob& job, std::size_t list, const Pace& pace, Mono now) {
  if (job.count() == nullptr) return missing_without_count(job, list, pace, now);
  if (const double all = list == kAllTasks ? unnamed_tasks(job) : 0; all > 0) return all;
  const double there = job.count()->tasks[list];
  const double known = job.partly ? job.walked[list] : job.held[list];
  return std::max(0.0, there - known);
}

void note_missing(PlannedJob& job, const Pace& pace, Mono now) {
  if (!job.statistics) return;
  double surplus = 0, lacking = 0;
  for (std::size_t list = 0; list < kTaskLists; ++list) {
    const double gone = missing_tasks(job, list, pace, now);
    lacking += gone;
    surplus += std::max(0.0, double(job.held[list]) - double(job.statistics->tasks[list]));
    Mono& since = job.missing_since[list];
    since = gone <= 0 ? Mono::max() : std::min(since, now);
  }
  // While lists still show where surplus tasks went, these need no calls of their own.
  if (surplus <= 0 || (lacking > 0 && !is_stuck(job, pace, now))) {
    job.surplus_since = Mono::max();
  } else {
    job.surplus_since = std::min(job.surplus_since, now);
  }
}

std::uint32_t unreconciled_tasks(const PlannedJob& job) {
  if (!job.statistics || job.partly) return 0;
  std::uint32_t lacking = 0, surplus = 0;
  for (std::size_t list = 0; list < kTaskLists; ++list) {
    const std::uint32_t there = job.statistics->tasks[list];
    const std::uint32_t held = job.held[list];
    lacking += there > held ? there - held : 0;
    surplus += held > there ? held - there : 0;
  }
  return std::max(lacking, surplus);
}

std::optional<TaskStatus> surplus_status(const PlannedJob& job, Mono now) {
  if (!job.statistics || job.partly) return std::nullopt;
  if (job.surplus_since == Mono::max() || now - job.surplus_since < kSurplus) return std::nullopt;
  const auto is_surplus = [&](TaskStatus status) {
    return count_of(job.held, status) > count_of(job.statistics->tasks, status);
  };
  // IN_PROGRESS and SENT first: such tasks may have failed.
  for (const TaskStatus status : {TaskStatus::kInProgress, TaskStatus::kSent}) {
    if (is_surplus(status)) return status;
  }
  const auto found = std::find_if(kAllTaskStatuses.begin(), kAllTaskStatuses.end(), is_surplus);
  return found == kAllTaskStatuses.end() ? std::nullopt : std::optional(*found);
}

bool is_known_whole(const PlannedJob& job) {
  if (job.countable) return job.statistics && sum(job.held) >= job.statistics->total;
  return std::all_of(job.lists.begin(), job.lists.begin() + kAllTasks,
                     [](const ListWalk& walk) { return walk.whole_since() != Mono::min(); });
}

}  // namespace taskwatchd
