#include "account/watched_job.h"

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
  bool changed = false;
  if (!record.baselined && planner.fully_observed(id)) {
    record.baselined = changed = true;
    out.observation.events.push_back(
        job_baseline(record, table.counts(id), now.wall, context->labels));
  }
  const bool finished = planner.finished(id);
  if (finished != record.ended.has_value()) {
    record.ended.reset();
    if (finished) record.ended = now.wall;
    changed = true;
  }
  if (changed) out.jobs.push_back(record);
}

void WatchedJob::task_seen(const std::optional<TaskSample>& before, const TaskRow* row) {
  if (row == nullptr || !row->seen) return;
  forecast.observe(before ? &*before : nullptr, sample_of(*row));
}

}  // namespace taskwatchd
