// What an account says of its jobs, and what it expects of them.
#include <map>
#include <unordered_map>

#include "account/jobs.h"

namespace taskwatchd {
namespace {

constexpr Duration kForesee = std::chrono::seconds(10);

}  // namespace

std::size_t AccountJobs::skipped() const {
  std::size_t all = 0;
  for (const auto& [name, instance] : instances_) {
    if (instance.discovery) all += instance.discovery->skipped();
  }
  return all;
}

std::vector<JobView> AccountJobs::views(Now now) const {
  std::vector<JobView> all;
  for (const auto& [id, job] : jobs_) {
    JobView view;
    view.job_id = id;
    view.instance = job.record.instance;
    view.labels = job.context->labels;
    view.name = job.record.last.job_name;
    view.type = job.record.last.type;
    view.status = job.record.last.status;
    view.status_read = !job.record.last.job_id.empty();
    view.held = tracker_.table().counts(id);
    if (const JobStatistics* statistics = planner_.statistics_of(id)) {
      view.statistics = *statistics;
    } else if (planner_.known_whole(id)) {
      view.statistics.emplace();  // denied: what a whole scan showed
      view.statistics->tasks = view.held;
      for (const std::uint32_t n : view.held) view.statistics->total += n;
    }
    view.statistics_read = job.counted;
    view.unseen_ended = job.unseen.tasks();
    view.unseen_since = job.unseen.since();
    view.unreconciled = planner_.unreconciled(id);
    view.ended = job.record.ended;
    view.stalled = job.stalled;
    const auto ahead = [&](Duration span) {
      return job.outlook_at + std::chrono::duration_cast<std::chrono::milliseconds>(span);
    };
    if (job.outlook.half) view.eta_half = ahead(*job.outlook.half);
    if (job.outlook.most) view.eta_most = ahead(*job.outlook.most);
    if (job.deadline) view.overdue.emplace();
    all.push_back(std::move(view));
  }
  // One pass over all tasks, and only if a job has a deadline.
  std::unordered_map<std::string_view, JobView*> with_deadline;
  for (JobView& view : all) {
    if (view.overdue) with_deadline.emplace(view.job_id, &view);
  }
  if (with_deadline.empty()) return all;
  tracker_.table().for_each([&](const TaskRow& row) {
    if (!row.seen || row.gone || row.superseded || is_finished(row.status)) return;
    const auto found = with_deadline.find(tracker_.table().job_id(row));
    if (found == with_deadline.end()) return;
    const Duration age = now.wall - row.queued;
    if (age > *jobs_.at(found->second->job_id).deadline)
      ++count_of(*found->second->overdue, row.status);
  });
  return all;
}

// Foresees anew, now and then: two walks over all tasks.
void AccountJobs::look_ahead(Now now) {
  if (now.mono < foreseen_ + kForesee) return;
  foreseen_ = now.mono;
  std::map<std::string_view, ForecastSurvey> surveys;
  for (const auto& [id, job] : jobs_) {
    if (!planner_.finished(id)) surveys.emplace(id, now.wall);
  }
  if (surveys.empty()) return;
  const auto each_unfinished = [&](auto visit) {
    std::uint32_t job = UINT32_MAX;
    auto survey = surveys.end();
    tracker_.table().for_each([&](const TaskRow& row) {
      if (!row.seen || row.gone || row.superseded || is_finished(row.status)) return;
      if (row.job != job) survey = surveys.find(tracker_.table().job_id(row));
      job = row.job;
      if (survey != surveys.end()) visit(*survey, row);
    });
  };
  each_unfinished([](auto& survey, const TaskRow& row) { survey.second.add(sight_of(row)); });
  for (auto& [id, job] : jobs_) {
    const auto survey = surveys.find(id);
    job.outlook =
        survey == surveys.end() ? Outlook{} : job.forecast.look_ahead(survey->second, now);
    job.outlook_at = now.wall;
    job.stalled = 0;
  }
  each_unfinished([&](auto& survey, const TaskRow& row) {
    Job& job = jobs_.find(std::string(survey.first))->second;
    if (job.outlook.is_stalled(row.status, row.modified, row.last_seen, now.wall)) ++job.stalled;
  });
}

}  // namespace taskwatchd
