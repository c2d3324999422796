#include "account/job_views.h"

#include <string_view>
#include <unordered_map>

#include "account/forecast_pass.h"

namespace taskwatchd {

std::vector<JobView> job_views(const WatchedJobs& jobs, const JobPlanner& planner,
                               const TaskTable& table, Now now) {
  std::vector<JobView> all;
  for (const auto& [id, job] : jobs) {
    JobView view;
    view.job_id = id;
    view.instance = job.record.instance;
    view.labels = job.context->labels;
    view.name = job.record.last.job_name;
    view.type = job.record.last.type;
    view.status = job.record.last.status;
    view.status_read = !job.record.last.job_id.empty();
    view.known = table.counts(id);
    if (const JobStatistics* statistics = planner.statistics_of(id)) {
      view.statistics = *statistics;
    } else if (planner.fully_observed(id)) {
      view.statistics.emplace();  // denied: from a complete scan
      view.statistics->tasks = view.known;
      for (const std::uint32_t n : view.known) view.statistics->total += n;
    }
    view.statistics_read = job.counted;
    view.unseen_ended = job.unseen.tasks();
    view.unseen_since = job.unseen.since();
    view.unreconciled = planner.unreconciled(id);
    view.ended = job.record.ended;
    view.stalled = job.stalled;
    const auto ahead = [&](Duration span) {
      return job.estimated_at + std::chrono::duration_cast<std::chrono::milliseconds>(span);
    };
    if (job.estimate.half) view.eta_half = ahead(*job.estimate.half);
    if (job.estimate.most) view.eta_most = ahead(*job.estimate.most);
    if (job.deadline) view.overdue = job.overdue;
    all.push_back(std::move(view));
  }
  if (table.end_slot() > ForecastPass::kRows) return all;
  // One pass over all tasks, and only if a job has a deadline.
  std::unordered_map<std::string_view, JobView*> with_deadline;
  for (JobView& view : all) {
    if (!view.overdue) continue;
    view.overdue = TaskCounts{};
    with_deadline.emplace(view.job_id, &view);
  }
  if (with_deadline.empty()) return all;
  table.for_each(0, table.end_slot(), [&](const TaskRow& row) {
    if (!is_open(row)) return;
    const auto found = with_deadline.find(table.job_id(row));
    if (found == with_deadline.end()) return;
    if (is_overdue(row, *jobs.at(found->second->job_id).deadline, now.wall)) {
      ++count_of(*found->second->overdue, row.status);
    }
  });
  return all;
}

}  // namespace taskwatchd
