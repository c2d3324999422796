#include "core/polling/job_polls.h"

#include <algorithm>

namespace taskwatchd {
namespace {

// Rates of change, pooled over all jobs: precise enough to share the calls between them.
constexpr double kRunningEnds = 1.0 / 240;  // per second and IN_PROGRESS task
constexpr double kSentEnds = 1.0 / 7200;    // per second and SENT task
constexpr double kRollout = 0.05;           // per second, while any task is QUEUED
constexpr double kAnything = 0.002;         // per second: a rerun, a cancel
constexpr double kNothingYet = 0.002;       // per second: a job without tasks
// A task that is past its timeout becomes TIMED_OUT within seconds, which is a failure.
constexpr double kTimeoutEnds = 1.5;  // per second and such task

// With many jobs each waits long for its statistics. QueryJobStatistics then gets up to twice its
// share of a quota common to all APIs: fully when the next job has waited this long.
constexpr Duration kLongUncounted = std::chrono::seconds(8);

constexpr Duration kDetailsPause = std::chrono::minutes(1);  // unfinished: has its status changed?
constexpr std::uint32_t kDetailsHeartbeats = 10;  // finished job: every tenth call is for details

// A finished job gets one call per minute: most for the statistics, some for the job details.
// Returns true if the next call is for the details. A failed call uses its turn like any other, so
// that unreadable details do not block the statistics.
bool is_details_turn(const PlannedJob& job) {
  if (!job.details_usable || !job.statistics_usable || job.counted_at == Mono::min()) return false;
  if (!job.is_finished() || job.recount) return false;
  if (job.details_poll.sent_at() == Mono::min()) return true;
  const bool is_final = job.details && is_finished(job.details->status);
  const std::uint32_t every = is_final ? kDetailsHeartbeats : 2;
  return job.heartbeats % every == every - 1;
}

Mono last_poll(const PlannedJob& job) {
  return std::max(job.statistics_poll.sent_at(), job.details_poll.sent_at());
}

// The priority of a job: expected changes since it was last counted, times the time since then.
double expected_changes(const PlannedJob& job, Mono now) {
  if (!job.statistics) return 1e9;  // never counted: comes first
  const TaskCounts& tasks = job.statistics->tasks;
  double rate = count_of(tasks, TaskStatus::kInProgress) * kRunningEnds +
                count_of(tasks, TaskStatus::kSent) * kSentEnds +
                (count_of(tasks, TaskStatus::kQueued) > 0 ? kRollout : 0) +
                (job.statistics->total > 0 ? kAnything : kNothingYet);
  for (const Mono due : job.timeouts) rate += now - due <= kTimeoutLate ? kTimeoutEnds : 0;
  const double waited = seconds(now - job.counted_at);
  return rate * waited * waited;
}

Call job_call(Api api, const PlannedJob& job) {
  Call call;
  call.api = api;
  call.owner = CallOwner::kJobs;
  call.iot_instance = job.instance;
  call.job_id = job.id;
  return call;
}

}  // namespace

Planned statistics_plan(const PlannedJob& job, const Pace& pace, Mono now) {
  const PollSlot& poll = job.statistics_poll;
  if (poll.is_waiting(now)) return {PlanRule::kInFlight, poll.ready()};
  if (is_details_turn(job)) {
    return {PlanRule::kDetailsTurn, details_plan(job, pace, now).at};
  }
  Planned plan;
  const bool counted = job.counted_at != Mono::min();
  if (counted && job.is_finished() && !job.recount) {
    plan.not_before(PlanRule::kPaceFinished, last_poll(job) + pace.finished);
  } else if (counted) {
    plan.not_before(PlanRule::kPaceJob, poll.sent_at() + pace.job);
  }
  plan.not_before(PlanRule::kRetry, poll.backoff_until());
  return plan;
}

Planned details_plan(const PlannedJob& job, const Pace& pace, Mono now) {
  const PollSlot& poll = job.details_poll;
  if (poll.is_waiting(now)) return {PlanRule::kInFlight, poll.ready()};
  Planned plan;
  if (poll.sent_at() != Mono::min()) {
    if (!job.is_finished()) {
      if (job.details) plan.not_before(PlanRule::kPaceJob, poll.sent_at() + kDetailsPause);
    } else if (job.details_usable && job.statistics_usable && !is_details_turn(job)) {
      return {PlanRule::kPaceFinished, Mono::max()};  // the statistics are next
    } else {
      plan.not_before(PlanRule::kPaceFinished, last_poll(job) + pace.finished);
    }
  }
  plan.not_before(PlanRule::kRetry, poll.backoff_until());
  return plan;
}

NextCall next_statistics(const PlannedJobs& jobs, const Pace& pace, const Gates& gates, Mono now) {
  NextCall choice;
  const PlannedJob* best = nullptr;
  double most = -1;
  for (const auto& [id, job] : jobs) {
    const Planned plan = statistics_plan(job, pace, now);
    if (plan.rule == PlanRule::kDetailsTurn) continue;
    const Mono when = std::max(plan.at, gates.until(job.instance));
    if (when > now) {
      choice.wake = std::min(choice.wake, when);
      continue;
    }
    const double expected = expected_changes(job, now);
    if (expected > most) {
      most = expected;
      best = &job;
    }
  }
  if (best == nullptr) return choice;
  choice.call = job_call(Api::kQueryJobStatistics, *best);
  if (best->statistics) {
    choice.call->weight += std::min(1.0, (now - best->counted_at) / (1.0 * kLongUncounted));
  }
  return choice;
}

NextCall next_details(const PlannedJobs& jobs, const Pace& pace, const Gates& gates, Mono now) {
  NextCall choice;
  const PlannedJob* best = nullptr;
  for (const auto& [id, job] : jobs) {
    const Mono when = std::max(details_plan(job, pace, now).at, gates.until(job.instance));
    if (when > now) {
      choice.wake = std::min(choice.wake, when);
    } else if (best == nullptr || job.details_poll.sent_at() < best->details_poll.sent_at()) {
      best = &job;
    }
  }
  if (best != nullptr) choice.call = job_call(Api::kQueryJob, *best);
  return choice;
}

}  // namespace taskwatchd
