#include "core/polling/job_polls.h"

#include <algorithm>

namespace taskwatchd {
namespace {

// How often things change, pooled over all jobs: enough to share the calls between them.
constexpr double kRunningEnds = 1.0 / 240;  // per second and task IN_PROGRESS
constexpr double kSentEnds = 1.0 / 7200;    // per second and task SENT
constexpr double kRollout = 0.05;           // per second, while any task is QUEUED
constexpr double kAnything = 0.002;         // per second: a rerun, a cancel
constexpr double kNothingYet = 0.002;       // per second: a job without tasks
// A task that is past its timeout turns TIMED_OUT within seconds, and that is a bad end.
constexpr double kTimeoutEnds = 1.5;  // per second and such task

// Where many jobs take turns each waits long for its count. Statistics then take up to twice the
// turns of a quota that all APIs share: in full when the next job has waited for so long.
constexpr Duration kLongUncounted = std::chrono::seconds(8);

constexpr Duration kDescription = std::chrono::minutes(1);  // unfinished: is it still so?
constexpr std::uint32_t kDescriptionBeats = 10;  // finished: each so many calls one for its status

// A finished job costs one call a minute in all: most for the counts, some for the status. True
// while the next one is for the status. A failed call takes its turn like any other, so that a
// status that cannot be read does not keep the counts from being read.
bool is_descriptions_turn(const PlannedJob& job) {
  if (!job.describable || !job.countable || job.counted_at == Mono::min()) return false;
  if (!job.is_finished() || job.recount) return false;
  if (job.description_poll.sent_at() == Mono::min()) return true;
  const bool settled = job.description && is_finished(job.description->status);
  const std::uint32_t every = settled ? kDescriptionBeats : 2;
  return job.beats % every == every - 1;
}

Mono last_poll(const PlannedJob& job) {
  return std::max(job.statistics_poll.sent_at(), job.description_poll.sent_at());
}

// How much is expected to have changed since the job was counted last, and for how long it has
// gone unseen.
double expected_changes(const PlannedJob& job, Mono now) {
  if (!job.statistics) return 1e9;  // never counted: that comes first
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
  if (is_descriptions_turn(job)) {
    return {PlanRule::kDescriptionTurn, description_plan(job, pace, now).at};
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

Planned description_plan(const PlannedJob& job, const Pace& pace, Mono now) {
  const PollSlot& poll = job.description_poll;
  if (poll.is_waiting(now)) return {PlanRule::kInFlight, poll.ready()};
  Planned plan;
  if (poll.sent_at() != Mono::min()) {
    if (!job.is_finished()) {
      if (job.description) plan.not_before(PlanRule::kPaceJob, poll.sent_at() + kDescription);
    } else if (job.describable && job.countable && !is_descriptions_turn(job)) {
      return {PlanRule::kPaceFinished, Mono::max()};  // the statistics' turn
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
    if (plan.rule == PlanRule::kDescriptionTurn) continue;
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

NextCall next_description(const PlannedJobs& jobs, const Pace& pace, const Gates& gates, Mono now) {
  NextCall choice;
  const PlannedJob* best = nullptr;
  for (const auto& [id, job] : jobs) {
    const Mono when = std::max(description_plan(job, pace, now).at, gates.until(job.instance));
    if (when > now) {
      choice.wake = std::min(choice.wake, when);
    } else if (best == nullptr ||
               job.description_poll.sent_at() < best->description_poll.sent_at()) {
      best = &job;
    }
  }
  if (best != nullptr) choice.call = job_call(Api::kQueryJob, *best);
  return choice;
}

}  // namespace taskwatchd
