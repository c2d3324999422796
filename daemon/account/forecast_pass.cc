#include "account/forecast_pass.h"

#include <algorithm>
#include <utility>

namespace taskwatchd {

bool is_open(const TaskRow& row) {
  return row.seen && !row.gone && !row.superseded && !is_finished(row.status);
}

bool is_overdue(const TaskRow& row, Duration deadline, Wall now) {
  return Duration(now - row.queued) > deadline;
}

ForecastPass::ForecastPass(WatchedJobs& jobs, const JobPlanner& planner, Now now) {
  for (auto& [id, job] : jobs) {
    if (!planner.finished(id)) {
      surveyed_.emplace(id, now.wall);
      continue;
    }
    job.estimate = {};
    job.estimated_at = now.wall;
    job.stalled = 0;
    job.stalled_known = true;
    job.overdue = {};
  }
}

// Neighbouring tasks are mostly of one job.
template <typename Visit>
void ForecastPass::each_open(const TaskTable& table, TaskTable::Slot to, const Visit& visit) {
  std::uint32_t job = UINT32_MAX;
  auto survey = surveyed_.end();
  table.for_each(from_, to, [&](const TaskRow& row) {
    if (!is_open(row)) return;
    if (row.job != job) survey = surveyed_.find(table.job_id(row));
    job = row.job;
    if (survey != surveyed_.end()) visit(*survey, row);
  });
  from_ = to;
}

bool ForecastPass::step(WatchedJobs& jobs, const TaskTable& table, Now now) {
  if (surveyed_.empty()) return true;
  const bool is_small = table.end_slot() <= kRows;
  while (!take_part(jobs, table, now)) {
    if (!is_small) return false;
  }
  return true;
}

bool ForecastPass::take_part(WatchedJobs& jobs, const TaskTable& table, Now now) {
  const TaskTable::Slot end = table.end_slot();
  const TaskTable::Slot to = std::min(end, from_ + kRows);
  if (!estimated_) {
    each_open(table, to,
              [](auto& one, const TaskRow& row) { one.second.survey.add(sample_of(row)); });
    if (to == end) estimate(jobs, now);
    return false;
  }
  each_open(table, to, [&](auto& one, const TaskRow& row) {
    Job& counted = one.second;
    const JobForecast& forecast = counted.estimate;
    if (forecast.is_stalled(row.status, row.modified, row.last_seen, now.wall)) ++counted.stalled;
    if (!forecast.has_limit(row.status)) counted.stalled_known = false;
    const auto job = jobs.find(one.first);
    if (job == jobs.end() || !job->second.deadline) return;
    if (is_overdue(row, *job->second.deadline, now.wall)) ++count_of(counted.overdue, row.status);
  });
  if (to < end) return false;
  finish(jobs, now);
  return true;
}

void ForecastPass::estimate(WatchedJobs& jobs, Now now) {
  for (auto& [id, surveyed] : surveyed_) {
    const auto job = jobs.find(id);
    if (job != jobs.end()) surveyed.estimate = job->second.forecast.estimate(surveyed.survey, now);
  }
  estimated_ = true;
  from_ = 0;
}

void ForecastPass::finish(WatchedJobs& jobs, Now now) const {
  for (const auto& [id, surveyed] : surveyed_) {
    const auto job = jobs.find(id);
    if (job == jobs.end()) continue;
    job->second.estimate = surveyed.estimate;
    job->second.estimated_at = now.wall;
    job->second.stalled = surveyed.stalled;
    job->second.stalled_known = surveyed.stalled_known;
    job->second.overdue = surveyed.overdue;
  }
}

}  // namespace taskwatchd
