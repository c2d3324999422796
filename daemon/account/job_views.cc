#include "account/job_views.h"

#include <map>
#include <string_view>
#include <unordered_map>

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
    if (job.deadline) view.overdue.emplace();
    all.push_back(std::move(view));
  }
  // One pass over all tasks, and only if a job has a deadline.
  std::unordered_map<std::string_view, JobView*> with_deadline;
  for (JobView& view : all) {
    if (view.overdue) with_deadline.emplace(view.job_id, &view);
  }
  if (with_deadline.empty()) return all;
  table.for_each([&](const TaskRow& row) {
    if (!row.seen || row.gone || row.superseded || is_finished(row.status)) return;
    const auto found = with_deadline.find(table.job_id(row));
    if (found == with_deadline.end()) return;
    const Duration age = now.wall - row.queued;
    if (age > *jobs.at(found->second->job_id).deadline)
      ++count_of(*found->second->overdue, row.status);
  });
  return all;
}

void update_forecasts(WatchedJobs& jobs, const JobPlanner& planner, const TaskTable& table,
                      Now now) {
  std::map<std::string_view, ForecastSurvey> surveys;
  for (auto& [id, job] : jobs) {
    if (!planner.finished(id)) {
      surveys.emplace(id, now.wall);
      continue;
    }
    job.estimate = {};
    job.estimated_at = now.wall;
    job.stalled = 0;
    job.stalled_known = true;
  }
  if (surveys.empty()) return;
  const auto each_unfinished = [&](auto visit) {
    std::uint32_t job = UINT32_MAX;
    auto survey = surveys.end();
    table.for_each([&](const TaskRow& row) {
      if (!row.seen || row.gone || row.superseded || is_finished(row.status)) return;
      if (row.job != job) survey = surveys.find(table.job_id(row));
      job = row.job;
      if (survey != surveys.end()) visit(*survey, row);
    });
  };
  each_unfinished([](auto& survey, const TaskRow& row) { survey.second.add(sample_of(row)); });
  for (const auto& [id, survey] : surveys) {
    WatchedJob& job = jobs.find(std::string(id))->second;
    job.estimate = job.forecast.estimate(survey, now);
    job.estimated_at = now.wall;
    job.stalled = 0;
    job.stalled_known = true;
  }
  each_unfinished([&](auto& survey, const TaskRow& row) {
    WatchedJob& job = jobs.find(std::string(survey.first))->second;
    if (job.estimate.is_stalled(row.status, row.modified, row.last_seen, now.wall)) ++job.stalled;
    if (!job.estimate.has_limit(row.status)) job.stalled_known = false;
  });
}

}  // namespace taskwatchd
