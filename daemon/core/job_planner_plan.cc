// What the planner says of one job: earliest instants, with the rules that set them.
#include "core/job_planner.h"

namespace taskwatchd {

std::optional<JobPlan> JobPlanner::plan_of(const std::string& job_id, Mono now) const {
  const Job* const job = find(job_id);
  if (job == nullptr) return std::nullopt;
  JobPlan plan;
  plan.instance = job->instance;
  plan.has_statistics = has_statistics();
  plan.counted = plan.has_statistics && job->statistics.has_value();
  plan.finished = is_finished_job(*job);
  plan.partly = job->partly;
  plan.lists_ready = job->not_before;

  // next_statistics leaves a finished job to next_description when that is its turn.
  const bool resting = plan.finished && !job->recount;
  const bool others_turn = resting && job->statistics_asked != Mono::min() &&
                           usable_[static_cast<std::size_t>(Api::kQueryJob)] &&
                           description_due(*job) != Mono::max();
  if (job->statistics_in_flight) {
    plan.statistics = {PlanRule::kInFlight, Mono::max()};
  } else if (others_turn) {
    plan.statistics = {PlanRule::kDescriptionTurn, description_due(*job)};
  } else if (const Mono due = statistics_due(*job); due > now) {
    const PlanRule pace = resting ? PlanRule::kPaceFinished : PlanRule::kPaceJob;
    plan.statistics = {due == job->not_before ? PlanRule::kRetry : pace, due};
  }
  if (!plan.counted) return plan;
  for (std::size_t list = 0; list < kLists; ++list) {
    const double gone = missing(*job, list, now);
    if (gone <= 0) continue;
    const ListWalk& walk = job->lists[list];
    JobPlan::List row;
    row.status = static_cast<TaskStatus>(list);
    row.missing = static_cast<std::uint32_t>(gone);
    row.next.rule = PlanRule::kMissing;
    if (walk.in_flight()) {
      row.next = {PlanRule::kInFlight, Mono::max()};
    } else {
      if (job->not_before > now) row.next.not_before(PlanRule::kRetry, job->not_before);
      if (walk.not_before() > now) row.next.not_before(PlanRule::kFruitless, walk.not_before());
    }
    plan.lists.push_back(row);
  }
  return plan;
}

}  // namespace taskwatchd
