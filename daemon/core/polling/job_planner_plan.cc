// What the planner says of one job: earliest instants, with the rules that set them.
#include "core/polling/job_planner.h"

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

  // As the answer to "when": a call under way is awaited, and no other is planned.
  const auto for_people = [](Planned planned) {
    if (planned.rule == PlanRule::kInFlight) planned.at = Mono::max();
    return planned;
  };
  if (const Planned statistics = statistics_plan(*job, now); statistics.at > now) {
    plan.statistics = for_people(statistics);
  }
  plan.lists_ready = Mono::max();
  for (std::size_t list = 0; list < kLists; ++list) {
    const ListWalk& walk = job->lists[list];
    const Planned planned = list_plan(*job, list, walk, now);
    plan.lists_ready = std::min(plan.lists_ready, planned.at);
    const double gone = missing(*job, list, now);
    if (!plan.counted || gone <= 0) continue;
    JobPlan::List row;
    row.status = static_cast<TaskStatus>(list);
    row.missing = static_cast<std::uint32_t>(gone);
    row.next = planned.at > now ? for_people(planned) : Planned{PlanRule::kMissing, Mono::min()};
    plan.lists.push_back(row);
  }
  return plan;
}

}  // namespace taskwatchd
