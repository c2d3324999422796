// Every sentence restates a rule of the planners. The times are the planners' earliest times: the
// call also needs a free slot.
#include "account/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/duration.h"
#include "config/parse.h"

namespace taskwatchd {
namespace {

std::string text_of(Duration span) {
  return format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(span));
}

// Rounded down: the call is not made before this time either.
Wall wall_of(Mono at, Now now) {
  return now.wall + std::chrono::floor<std::chrono::milliseconds>(at - now.mono);
}

std::string why_of_task(PlanRule rule, const Pace& pace) {
  switch (rule) {
    case PlanRule::kInFlight:
      return "the call is in progress";
    case PlanRule::kUnseen:
      return "no response has shown it yet: due; at least one call in four is for such tasks, the "
             "others go to the task with the highest priority";
    case PlanRule::kTurn:
      return "it is due and waits for a free call";
    case PlanRule::kPaceTask:
      return fmt::format("an unfinished task is polled at most every {} (pace.task)",
                         text_of(pace.task));
    case PlanRule::kEvenSpread:
      return fmt::format(
          "unfinished tasks are polled in round robin, spread evenly over {} (pace.task)",
          text_of(pace.task));
    case PlanRule::kPaceFinished:
      return fmt::format("it failed: polled at most every {} (pace.finished) to detect a rerun",
                         text_of(pace.finished));
    case PlanRule::kFinishedShare:
      return "finished tasks get one call in twenty while others are unfinished";
    case PlanRule::kFinalPoll:
      return "it is finished: polled once more after 10m, to detect a rerun";
    case PlanRule::kFinal:
      return "it is finished and was polled once more: not polled again until all explicit tasks "
             "are finished, then in round robin";
    case PlanRule::kHeartbeat:
      return fmt::format(
          "all explicit tasks are finished: one call every {} for all of them, in round robin, "
          "shows that the API responds and detects reruns",
          text_of(std::max<Duration>(std::chrono::minutes(1), pace.finished)));
    case PlanRule::kGone:
      return "the platform does not know it: polled every 10m";
    case PlanRule::kRetry:
      return "its last call failed: retried after a backoff";
    default:
      return {};  // not a rule of tasks
  }
}

std::string why_of_statistics(const JobPlan& plan, const std::string& job, const Pace& pace) {
  const std::string counts =
      fmt::format("the statistics of job {} show whether a task has changed", job);
  switch (plan.statistics.rule) {
    case PlanRule::kInFlight:
      return counts + "; the call is in progress";
    case PlanRule::kRetry:
      return counts + "; a call for the job failed: retried after a backoff";
    case PlanRule::kPaceFinished:
      return fmt::format(
          "job {} is finished: its statistics are polled at most every {} (pace.finished) to "
          "detect a rerun",
          job, text_of(pace.finished));
    case PlanRule::kDetailsTurn:
      return fmt::format(
          "job {} is finished: its status (QueryJob) is read next, then its statistics", job);
    case PlanRule::kPaceJob:
      return fmt::format("{}; polled at most every {} (pace.job)", counts, text_of(pace.job));
    default:
      return counts + "; they are due and wait for a free call, as those of other jobs do";
  }
}

std::string why_of_list(const JobPlan::List& list, const std::string& job) {
  std::string why = fmt::format(
      "the statistics of job {} count {} more {} in status {} than responses have shown: the list "
      "in that status is read",
      job, list.unreconciled, list.unreconciled == 1 ? "task" : "tasks", name(list.status));
  if (list.next.rule == PlanRule::kInFlight) why += "; a list page is being read";
  if (list.next.rule == PlanRule::kRetry)
    why += "; a call for the job failed: retried after a backoff";
  if (list.next.rule == PlanRule::kScanFoundNothing) {
    why += "; the last complete scan found none of them: repeated after a backoff";
  }
  return why;
}

// Applies all other constraints of the API call to `plan`: the one that delays longest is the
// reason.
PlannedCall planned(const AccountParts& account, Api api, const std::string& instance, Planned plan,
                    std::string why, Now now) {
  const Budget& budget = account.budgets.at(api);
  const Limiter& limiter = budget.limiter();
  if (!budget.in_use()) {
    return {api, PlanRule::kNoQuota, {}, fmt::format("quota {} is 0: it is not called", name(api))};
  }
  const PlanRule own = plan.rule;
  const Mono blocked_until = account.connectivity.gates().until(instance);
  if (blocked_until > now.mono) {
    plan.not_before(blocked_until == Mono::max() ? PlanRule::kProbe : PlanRule::kBackingOff,
                    blocked_until);
  }
  if (budget.denied_until() > now.mono) plan.not_before(PlanRule::kDenied, budget.denied_until());
  if (const Mono slot = limiter.next(); slot > now.mono) {
    const PlanRule pace = plan.at <= now.mono ? own : PlanRule::kRate;
    plan.not_before(limiter.is_backing_off() ? PlanRule::kWaitRequested : pace, slot);
  }
  if (plan.rule != own) {
    const Connectivity::Backoff backoff = account.connectivity.backoff_of(instance);
    const std::string who =
        backoff.of_account ? "account " + account.config.name : "instance " + instance;
    const std::string last_reason =
        backoff.last_logged ? fmt::format(" (last logged reason: {})", name(*backoff.last_logged))
                            : std::string();
    std::string bar;
    if (plan.rule == PlanRule::kBackingOff)
      bar = who + " is backing off after consecutive failures" + last_reason;
    if (plan.rule == PlanRule::kProbe) {
      bar = who + " fails" + last_reason + "; waiting for the response to one test call";
    }
    if (plan.rule == PlanRule::kDenied) bar = fmt::format("{} was denied (forbidden)", name(api));
    if (plan.rule == PlanRule::kRate) {
      bar = fmt::format("calls of {} are spaced by the rate limit: {:.3g} per second now",
                        name(api), limiter.rate());
    }
    if (plan.rule == PlanRule::kWaitRequested) {
      bar = "the platform requested a delay, or there are no credentials";
    }
    why = bar + ". Then: " + why;
  }
  PlannedCall call{api, plan.rule, {}, std::move(why)};
  if (plan.at != Mono::max()) call.not_before = wall_of(std::max(plan.at, now.mono), now);
  return call;
}

void explain_explicit(const AccountParts& account, const TaskRow& row, Now now,
                      std::vector<PlannedCall>& next) {
  const Limiter& limiter = account.budgets.at(Api::kQueryTask).limiter();
  Planned plan;
  if (limiter.in_use()) plan = *account.tasks.scheduler().plan_of(row.id, now, limiter.rate());
  next.push_back(planned(account, Api::kQueryTask, account.tasks.instance_of(row.id), plan,
                         why_of_task(plan.rule, account.config.pace), now));
}

// QueryTask for a task that was observed in its job's lists.
void explain_detail_poll(const AccountParts& account, const TaskRow& row, Now now,
                         std::vector<PlannedCall>& next) {
  const auto plan = account.jobs.planner().plan_of(account.tracker.table().job_id(row), now.mono);
  if (!plan) return;
  if (account.jobs.task_polls().detail_queue().in_flight(row.id) ||
      account.jobs.task_polls().timeouts().in_flight(row.id, now.mono)) {
    next.push_back(planned(account, Api::kQueryTask, plan->instance,
                           {PlanRule::kInFlight, Mono::max()},
                           why_of_task(PlanRule::kInFlight, account.config.pace), now));
    return;
  }
  if (account.jobs.task_polls().timeouts().is_due(row.id)) {
    next.push_back(
        planned(account, Api::kQueryTask, plan->instance, {PlanRule::kTimeout, now.mono},
                "it has reached its timeout: it is polled until its completion is observed", now));
    return;
  }
  const auto wanted =
      account.jobs.task_polls().detail_queue().waits(row.id, account.tracker.table());
  if (!wanted) return;
  Planned poll;
  std::string why;
  switch (*wanted) {
    case DetailQueue::Why::kMessageWanted:
      poll.rule = PlanRule::kMessageWanted;
      why = "it failed, and lists contain no device message: QueryTask does";
      break;
    case DetailQueue::Why::kLeftList:
      poll.rule = PlanRule::kLeftList;
      why = "it has left the list of IN_PROGRESS tasks";
      break;
    case DetailQueue::Why::kExcessTasks:
      poll.rule = PlanRule::kExcessTasks;
      why =
          "more tasks are recorded in its status than the job statistics count, or its last "
          "QueryTask call failed";
      break;
  }
  next.push_back(planned(account, Api::kQueryTask, plan->instance, poll,
                         why + "; it waits for a free call", now));
}

void explain_job(const AccountParts& account, const std::string& job_id, Now now,
                 std::vector<PlannedCall>& next) {
  const auto plan = account.jobs.planner().plan_of(job_id, now.mono);
  if (!plan) return;
  next.push_back(planned(account, Api::kQueryJobStatistics, plan->instance, plan->statistics,
                         why_of_statistics(*plan, job_id, account.config.pace), now));
  const auto list = [&](Planned at, std::string why) {
    next.push_back(planned(account, Api::kListTask, plan->instance, at, std::move(why), now));
  };
  if (!plan->has_statistics && !plan->assisting) {
    list({PlanRule::kListsRoundRobin, plan->lists_ready},
         fmt::format("the statistics of job {} are unavailable: its lists are read in round robin",
                     job_id));
  } else if (!plan->counted) {
    list(
        {PlanRule::kStatisticsFirst, Mono::max()},
        fmt::format("the lists of job {} are not read before its statistics show which one to read",
                    job_id));
  } else if (plan->lists.empty()) {
    list({PlanRule::kNothingUnreconciled, Mono::max()},
         plan->assisting
             ? fmt::format("the counts in the statistics of job {} have not grown since "
                           "its lists were read: no list is read",
                           job_id)
             : fmt::format("the statistics of job {} count no more tasks in any status "
                           "than responses have shown: no list is read",
                           job_id));
  }
  for (const JobPlan::List& row : plan->lists) list(row.next, why_of_list(row, job_id));
}

}  // namespace

std::optional<Explanation> explain(const AccountParts& account, const std::string& task_id,
                                   Now now) {
  const TaskRow* const row = account.tracker.row(task_id);
  if (row == nullptr) return std::nullopt;
  Explanation out;
  out.key = {account.config.name, task_id};
  out.instance = row->context->instance;
  out.explicit_id = account.tasks.watches(task_id);
  out.state = row->seen ? WatchState::kWatched : WatchState::kPending;
  if (row->gone) out.state = WatchState::kGone;
  out.since = row->since;
  out.record = account.tracker.record(task_id);
  if (out.explicit_id) explain_explicit(account, *row, now, out.next);
  if (!row->seen) return out;
  const std::string& job = account.tracker.table().job_id(*row);
  if (account.jobs.watches(job)) {
    out.job = JobWatch::kWatched;
  } else if (account.jobs.planner().has(job)) {
    out.job = JobWatch::kAssisting;
  }
  if (account.jobs.watches(job)) explain_detail_poll(account, *row, now, out.next);
  if (out.job != JobWatch::kNone) explain_job(account, job, now, out.next);
  return out;
}

}  // namespace taskwatchd
