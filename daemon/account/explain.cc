// Every sentence restates a rule of the planners; the instants are theirs, and earliest ones: a
// free call has to come by as well.
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

// Rounded down: not before that either.
Wall wall_of(Mono at, Now now) {
  return now.wall + std::chrono::floor<std::chrono::milliseconds>(at - now.mono);
}

std::string why_of_task(PlanRule rule, const Pace& pace) {
  switch (rule) {
    case PlanRule::kInFlight:
      return "it is being asked; the answer is awaited";
    case PlanRule::kUnseen:
      return "no reply has shown it yet: due, and shares the calls with unfinished tasks by what a "
             "call is worth, one in four at least for such tasks";
    case PlanRule::kTurn:
      return "it is due and waits for its turn among the tasks that are due";
    case PlanRule::kPaceTask:
      return fmt::format("an unfinished task is asked at most every {} (pace.task)",
                         text_of(pace.task));
    case PlanRule::kEven:
      return fmt::format("unfinished tasks take turns, spread evenly over {} (pace.task)",
                         text_of(pace.task));
    case PlanRule::kPaceFinished:
      return fmt::format("it ended badly: asked at most every {} (pace.finished) for a rerun",
                         text_of(pace.finished));
    case PlanRule::kFinishedShare:
      return "finished tasks get one call in twenty while others are not finished";
    case PlanRule::kSettledOnce:
      return "it is over: looked at once more after 10m, for a rerun";
    case PlanRule::kSettled:
      return "it is over and was looked at once more: not asked again before all tasks named in "
             "the configuration are finished, then in turn";
    case PlanRule::kHeartbeat:
      return fmt::format(
          "all tasks named in the configuration are finished: one call every {} for all of them "
          "shows that the account answers, and looks in turn for reruns",
          text_of(std::max<Duration>(std::chrono::minutes(1), pace.finished)));
    case PlanRule::kGone:
      return "the cloud does not know it: asked every 10m";
    case PlanRule::kRetry:
      return "its last call brought no good reply: asked again after a pause";
    default:
      return {};  // not of a task
  }
}

std::string why_of_statistics(const JobPlan& plan, const std::string& job, const Pace& pace) {
  const std::string counts = fmt::format("the counts of job {} show whether anything moved", job);
  switch (plan.statistics.rule) {
    case PlanRule::kInFlight:
      return counts + "; they are being asked";
    case PlanRule::kRetry:
      return counts + "; a call for the job brought no good reply: asked again after a pause";
    case PlanRule::kPaceFinished:
      return fmt::format(
          "job {} is finished: its counts are asked at most every {} "
          "(pace.finished) for a rerun",
          job, text_of(pace.finished));
    case PlanRule::kDescriptionTurn:
      return fmt::format("job {} is finished: its status (QueryJob) is read next, then its counts",
                         job);
    case PlanRule::kPaceJob:
      return fmt::format("{}; asked at most every {} (pace.job)", counts, text_of(pace.job));
    default:
      return counts + "; they are due and take turns with those of other jobs";
  }
}

std::string why_of_list(const JobPlan::List& list, const std::string& job) {
  std::string why = fmt::format(
      "the counts of job {} have {} more {} in status {} than replies "
      "have shown: the list that names them is read",
      job, list.missing, list.missing == 1 ? "task" : "tasks", name(list.status));
  if (list.next.rule == PlanRule::kInFlight) why += "; a page is being asked";
  if (list.next.rule == PlanRule::kRetry) why += ", after a pause, for a call of the job failed";
  if (list.next.rule == PlanRule::kFruitless) {
    why += ", after a pause, for the whole list named none of them";
  }
  return why;
}

// The plan with all that stands between it and the cloud: what holds longest gives the reason.
PlannedCall planned(const AccountParts& account, Api api, const std::string& instance, Planned plan,
                    std::string why, Now now) {
  const Budget& budget = account.budgets.at(api);
  const Limiter& limiter = budget.limiter();
  if (!budget.in_use()) {
    return {api, PlanRule::kNoQuota, {}, fmt::format("quota {} is 0: it is not asked", name(api))};
  }
  const PlanRule own = plan.rule;
  const Mono held = account.reach.gates().until(instance);
  if (held > now.mono) {
    plan.not_before(held == Mono::max() ? PlanRule::kProbe : PlanRule::kHeld, held);
  }
  if (budget.denied_until() > now.mono) plan.not_before(PlanRule::kDenied, budget.denied_until());
  if (const Mono slot = limiter.next(); slot > now.mono) {
    const PlanRule pace = plan.at <= now.mono ? own : PlanRule::kRate;
    plan.not_before(limiter.held() ? PlanRule::kAskedToWait : pace, slot);
  }
  if (plan.rule != own) {
    const Reach::Hold hold = account.reach.hold_of(instance);
    const std::string who =
        hold.of_account ? "account " + account.config.name : "instance " + instance;
    const std::string told =
        hold.told ? fmt::format(" (told last: {})", name(*hold.told)) : std::string();
    std::string bar;
    if (plan.rule == PlanRule::kHeld) bar = who + " is held after failures running" + told;
    if (plan.rule == PlanRule::kProbe) {
      bar = who + " fails" + told + "; the answer of the one call that tries it is awaited";
    }
    if (plan.rule == PlanRule::kDenied) bar = fmt::format("{} was forbidden", name(api));
    if (plan.rule == PlanRule::kRate) {
      bar = fmt::format("calls of {} are spread: {:.3g}/s now", name(api), limiter.rate());
    }
    if (plan.rule == PlanRule::kAskedToWait) {
      bar = "the cloud asked for a pause, or there are no keys to sign with";
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

// QueryTask for a task that its job's lists have shown.
void explain_look(const AccountParts& account, const TaskRow& row, Now now,
                  std::vector<PlannedCall>& next) {
  const auto plan = account.jobs.planner().plan_of(account.tracker.table().job_id(row), now.mono);
  if (!plan) return;
  if (account.jobs.job_tasks().looks().in_flight(row.id) ||
      account.jobs.job_tasks().timeouts().in_flight(row.id, now.mono)) {
    next.push_back(planned(account, Api::kQueryTask, plan->instance,
                           {PlanRule::kInFlight, Mono::max()},
                           why_of_task(PlanRule::kInFlight, account.config.pace), now));
    return;
  }
  if (account.jobs.job_tasks().timeouts().is_due(row.id)) {
    next.push_back(planned(account, Api::kQueryTask, plan->instance, {PlanRule::kTimeout, now.mono},
                           "it has reached its timeout: it is asked until its end is seen", now));
    return;
  }
  const auto wanted = account.jobs.job_tasks().looks().waits(row.id, account.tracker.table());
  if (!wanted) return;
  Planned look;
  std::string why;
  switch (*wanted) {
    case CloserLooks::Why::kWords:
      look.rule = PlanRule::kWords;
      why = "it ended badly, and its list does not say why: QueryTask does";
      break;
    case CloserLooks::Why::kLeft:
      look.rule = PlanRule::kLeft;
      why = "it is not in the list of running tasks any more";
      break;
    case CloserLooks::Why::kSurplus:
      look.rule = PlanRule::kSurplus;
      why = "more tasks are held in its status than its job counts, or a closer look at it failed";
      break;
  }
  next.push_back(planned(account, Api::kQueryTask, plan->instance, look,
                         why + "; it waits for its turn among such tasks", now));
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
  if (!plan->has_statistics && !plan->partly) {
    list({PlanRule::kBlindLists, plan->lists_ready},
         fmt::format("the counts of job {} cannot be had: its lists are read in turn", job_id));
  } else if (!plan->counted) {
    list({PlanRule::kStatisticsFirst, Mono::max()},
         fmt::format("the lists of job {} are not read before its counts say which", job_id));
  } else if (plan->lists.empty()) {
    list({PlanRule::kNothingMissing, Mono::max()},
         plan->partly
             ? fmt::format(
                   "the counts of job {} have not grown since its lists were read: none is read",
                   job_id)
             : fmt::format("no status of job {} counts more tasks than replies have shown "
                           "in it: no list of it is read",
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
    out.job = JobWatch::kHelping;
  }
  if (account.jobs.watches(job)) explain_look(account, *row, now, out.next);
  if (out.job != JobWatch::kNone) explain_job(account, job, now, out.next);
  return out;
}

}  // namespace taskwatchd
