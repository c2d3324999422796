// What an account says of itself, for /metrics and the status line.
#include <algorithm>

#include "account/account.h"

namespace taskwatchd {
namespace {

void look_back(AccountStatus& status, Wall seen) {
  if (!status.oldest_observation || seen < *status.oldest_observation) {
    status.oldest_observation = seen;
  }
}

// A job's tasks, as far as replies have named them; the statistics tell how many were not.
void add_job(AccountStatus& status, const JobView& job) {
  std::size_t unfinished = 0, finished = 0;
  for (const TaskStatus task : kAllTaskStatuses) {
    (is_finished(task) ? finished : unfinished) += count_of(job.held, task);
  }
  status.unfinished += unfinished;
  status.finished += finished;
  if (!job.statistics) return;
  status.unseen += std::max(job.statistics->total, std::uint32_t(unfinished + finished)) -
                   (unfinished + finished);
  const auto& tasks = job.statistics->tasks;
  const bool live = std::any_of(kAllTaskStatuses.begin(), kAllTaskStatuses.end(),
                                [&](auto s) { return !is_finished(s) && count_of(tasks, s) > 0; });
  // The counts look at all of its tasks at once.
  if (live && job.statistics_read) look_back(status, *job.statistics_read);
}

}  // namespace

AccountStatus Account::status(Now now) const {
  AccountStatus status;
  status.name = config_.name;
  status.up = reach_.up();
  status.trouble = reach_.trouble();
  for (std::size_t i = 0; i < reach_.size(); ++i) {
    const InstanceConfig& instance = reach_.instance(i);
    if (instance.name.empty()) continue;  // the distribution endpoint is no instance
    status.instances.push_back({instance.name, reach_.up(i), reach_.trouble(i)});
    for (const std::string& id : instance.tasks) {
      const TaskRow& row = *tracker_.row(id);
      WatchState state = row.seen ? WatchState::kWatched : WatchState::kPending;
      if (row.gone) state = WatchState::kGone;
      status.explicit_tasks.push_back({id, state});
      if (state == WatchState::kGone) {
        ++status.gone;
      } else if (row.seen && jobs_.watches(tracker_.table().job_id(row))) {
        continue;  // counted with its job
      } else if (!row.seen) {
        ++status.unseen;
      } else if (is_finished(row.status) || row.superseded) {
        ++status.finished;
      } else {
        ++status.unfinished;
        look_back(status, row.last_seen);
      }
    }
  }
  status.jobs = jobs_.views(tracker_, now);
  for (const JobView& job : status.jobs) add_job(status, job);
  status.jobs_skipped = jobs_.skipped();
  for (const auto& [api, budget] : budgets_) {
    const bool used = api == Api::kQueryTask || needs(api);
    if (!budget.limiter.in_use() || !used) continue;
    status.apis.push_back({api, budget.limiter.rate(), budget.limiter.configured_rate(),
                           budget.last_success, budget.denied});
  }
  for (const DistributionRecord* const record : distributions_.records()) {
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
  status.clock_offset_seconds = clock_offset_;
  status.blind_seconds = blind_.seconds(now, status.unfinished > 0);
  return status;
}

}  // namespace taskwatchd
