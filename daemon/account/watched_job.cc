#include "account/watched_job.h"

#include <algorithm>
#include <utility>

#include "core/events/job_events.h"

namespace taskwatchd {
namespace {

constexpr int kAgreeing = 3;  // consecutive older responses before they are accepted
constexpr Duration kAgreeingSpan = std::chrono::minutes(1);

}  // namespace

// Responses overtake each other, and some come from a lagging replica. As with tasks, older job
// details are accepted once three consecutive responses agree on them over a minute.
bool WatchedJob::is_stale(const JobReply& reply, Now now) {
  if (record.last.job_id.empty() || reply.modified >= record.last.modified) {
    older_ = 0;
    return false;
  }
  if (older_++ == 0) older_since_ = now.mono;
  if (older_ < kAgreeing || now.mono - older_since_ < kAgreeingSpan) return true;
  older_ = 0;
  return false;
}

void WatchedJob::on_details(const JobReply& reply, Now now, CallEffects& out) {
  if (is_stale(reply, now)) return;
  const JobReply before = std::exchange(record.last, reply);
  if (!reply.timeout) record.last.timeout = before.timeout;
  if (!reply.rollout_per_minute) record.last.rollout_per_minute = before.rollout_per_minute;
  record.last_seen = now.wall;
  forecast.describe(record.last.timeout, record.last.rollout_per_minute);
  const bool first = before.job_id.empty();
  const bool moved = !first && before.status != reply.status;
  if (moved) {
    out.observation.events.push_back(
        job_transition(record, before.status, now.wall, context->labels));
  }
  const bool same = before.job_name == reply.job_name && before.modified == reply.modified &&
                    before.timeout == record.last.timeout;
  if (first || moved || !same) {
    out.jobs.push_back(record);
  } else {
    touched = true;
  }
}

void WatchedJob::progressed(const JobPlanner& planner, const TaskTable& table, Now now,
                            CallEffects& out) {
  const std::string& id = record.key.job_id;
  record.last_seen = now.wall;
  touched = true;
  unseen.update(planner.statistics_of(id), table.counts(id), now.wall);
  const bool finished = planner.finished(id);
  const bool unfinished =
      !finished && (planner.statistics_of(id) != nullptr || table.counts(id) != TaskCounts{});
  // After the first scan only an observed change counts: old statistics are no rerun.
  if (reports.expects_end() || (unfinished && !record.baselined)) {
    reports.expect_end(record.key, now.wall, out.stored_times);
  }
  bool changed = false;
  if (!record.baselined && planner.fully_observed(id)) {
    record.baselined = changed = true;
    out.observation.events.push_back(
        job_baseline(record, table.counts(id), now.wall, context->labels));
  }
  if (finished != record.ended.has_value()) {
    record.ended.reset();
    if (finished) record.ended = now.wall;
    changed = true;
  }
  if (changed) out.jobs.push_back(record);
  report_end(planner, table, now, out);
}

void WatchedJob::task_moved(Now now, CallEffects& out) {
  if (record.baselined) reports.expect_end(record.key, now.wall, out.stored_times);
}

void WatchedJob::report_end(const JobPlanner& planner, const TaskTable& table, Now now,
                            CallEffects& out) {
  const std::string& id = record.key.job_id;
  if (!reports.expects_end() || !record.baselined || unseen.tasks() > 0) return;
  if (!planner.finished(id) || !planner.fully_observed(id)) return;
  TaskCounts counts{};
  std::uint32_t attempt = 1;
  bool all_finished = true;
  table.for_each(id, [&](const TaskRow& row) {
    if (row.gone || row.superseded) return;
    ++count_of(counts, row.status);
    attempt = std::max(attempt, row.attempt);
    all_finished = all_finished && is_finished(row.status);
  });
  if (!all_finished) return;  // the rerun of a task, or its end, is not in the statistics yet
  if (const auto over = reports.end_stalled(record.key, out.stored_times)) {
    out.observation.events.push_back(stalled_event(*over, planner, table, now.wall));
  }
  reports.end(record.key, out.stored_times);
  out.observation.events.push_back(
      job_finished(record, counts, attempt, now.wall, context->labels));
}

void WatchedJob::report_stalled(const JobPlanner& planner, const TaskTable& table, Now now,
                                Commit& commit) {
  std::optional<std::uint32_t> known;
  if (stalled > 0 || stalled_known) known = stalled;
  const auto change = reports.on_stalled(record.key, known, now, commit.stored_times);
  if (change) commit.events.push_back(stalled_event(*change, planner, table, now.wall));
}

Event WatchedJob::stalled_event(const JobReports::Stalled& change, const JobPlanner& planner,
                                const TaskTable& table, Wall now) const {
  const JobStatistics* const statistics = planner.statistics_of(record.key.job_id);
  const TaskCounts counts =
      statistics != nullptr ? statistics->tasks : table.counts(record.key.job_id);
  StalledTasks tasks{
      .stalled = change.over ? 0 : stalled, .unfinished = 0, .all = 0, .since = change.since};
  for (const TaskStatus status : kAllTaskStatuses) {
    tasks.all += count_of(counts, status);
    if (!is_finished(status)) tasks.unfinished += count_of(counts, status);
  }
  return job_stalled(record, tasks, now, context->labels);
}

void WatchedJob::task_seen(const std::optional<TaskSample>& before, const TaskRow* row) {
  if (row == nullptr || !row->seen) return;
  forecast.observe(before ? &*before : nullptr, sample_of(*row));
}

}  // namespace taskwatchd
