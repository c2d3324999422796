#include "account/status.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace taskwatchd {
namespace {

void note_observation(AccountStatus& status, Wall seen) {
  if (!status.oldest_observation || seen < *status.oldest_observation) {
    status.oldest_observation = seen;
  }
}

// Counts a job's tasks as responses have shown them; the rest of the statistics' total is unseen.
void add_job(AccountStatus& status, const JobView& job) {
  std::size_t unfinished = 0, finished = 0;
  for (const TaskStatus task : kAllTaskStatuses) {
    (is_finished(task) ? finished : unfinished) += count_of(job.known, task);
  }
  status.unfinished += unfinished;
  status.finished += finished;
  if (!job.statistics) return;
  status.unseen += std::max(job.statistics->total, std::uint32_t(unfinished + finished)) -
                   (unfinished + finished);
  const auto& tasks = job.statistics->tasks;
  const bool live = std::any_of(kAllTaskStatuses.begin(), kAllTaskStatuses.end(),
                                [&](auto s) { return !is_finished(s) && count_of(tasks, s) > 0; });
  // One statistics response covers all of its tasks at once.
  if (live && job.statistics_read) note_observation(status, *job.statistics_read);
}

void add_explicit_tasks(AccountStatus& status, std::shared_ptr<const ExplicitStates> states) {
  status.unseen = states->unseen;
  status.unfinished = states->unfinished;
  status.finished = states->finished;
  status.gone = states->gone;
  status.oldest_observation = states->oldest_observation;
  const auto* const tasks = &states->tasks;
  status.explicit_tasks = {std::move(states), tasks};
}

}  // namespace

AccountStatus status_of(const AccountParts& account, Now now,
                        std::shared_ptr<const ExplicitStates> surveyed) {
  AccountStatus status;
  status.name = account.config.name;
  status.up = account.connectivity.up();
  status.failure_reason = account.connectivity.failure_reason();
  for (const InstanceConfig& instance : account.config.instances) {
    status.instances.push_back({instance.name, account.connectivity.up(instance.name),
                                account.connectivity.failure_reason(instance.name)});
  }
  if (!surveyed) surveyed = account.explicit_survey.states();
  add_explicit_tasks(status, std::move(surveyed));
  status.jobs = account.jobs.views(now);
  for (const JobView& job : status.jobs) add_job(status, job);
  status.jobs_skipped = account.jobs.skipped();
  for (const auto& [api, budget] : account.budgets) {
    const bool used = api == Api::kQueryTask || account.needs(api);
    if (!budget.in_use() || !used) continue;
    status.apis.push_back({api, budget.limiter().rate(), budget.limiter().configured_rate(),
                           budget.last_success, budget.denied()});
  }
  for (const DistributionRecord* const record : account.distributions.records()) {
    DistributionView view;
    view.distribution_id = record->key.distribution_id;
    view.status = record->last.status;
    view.status_read = !record->last.distribution_id.empty();
    if (record->result) {
      const DistributionResult& result = *record->result;
      view.devices = {result.ok, result.failed, unknown_devices(*record)};
    }
    view.ended = record->ended;
    status.distributions.push_back(std::move(view));
  }
  status.clock_offset_seconds = account.clock_offset;
  status.blind_seconds = account.blind.seconds(now, status.unfinished > 0);
  return status;
}

}  // namespace taskwatchd
