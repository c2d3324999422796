#include "core/polling/job_plan.h"

#include <algorithm>

#include "core/polling/job_polls.h"
#include "core/polling/page_choice.h"
#include "core/polling/unreconciled.h"

namespace taskwatchd {
namespace {

// Returns the plan as an answer to "when": no time while a call is in flight, because no other is
// planned; `otherwise` as the reason if the call is due.
Planned for_people(Planned planned, Mono now, Planned otherwise) {
  if (planned.at <= now) return otherwise;
  if (planned.rule == PlanRule::kInFlight) planned.at = Mono::max();
  return planned;
}

}  // namespace

JobPlan plan_of(const PlannedJob& job, const Pace& pace, Mono now) {
  JobPlan plan;
  plan.instance = job.instance;
  plan.has_statistics = job.statistics_usable;
  plan.counted = job.count() != nullptr;
  plan.finished = job.is_finished();
  plan.assisting = job.assisting;
  plan.statistics = for_people(statistics_plan(job, pace, now), now, {});
  plan.lists_ready = Mono::max();
  for (std::size_t list = 0; list < kTaskLists; ++list) {
    const Planned planned = list_plan(job, list, job.lists[list], pace, now);
    plan.lists_ready = std::min(plan.lists_ready, planned.at);
    const double unreconciled = unreconciled_in(job, list, pace, now);
    if (!plan.counted || unreconciled <= 0) continue;
    plan.lists.push_back({static_cast<TaskStatus>(list), static_cast<std::uint32_t>(unreconciled),
                          for_people(planned, now, {PlanRule::kListUnreconciled, Mono::min()})});
  }
  return plan;
}

}  // namespace taskwatchd
