// What the planner asks next: what is missing where, and what each call would bring.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/polling/job_planner.h"

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

constexpr Duration kDescription = std::chrono::minutes(1);  // unfinished: is it still so?
// A walk of more than twice the pages that there should be, and a few for what is counted late, has
// no end.
constexpr std::uint32_t kBoundFactor = 2;
constexpr std::uint32_t kBoundPages = 8;
constexpr std::uint32_t kDescriptionBeats = 10;  // finished: each so many calls one for its status

// Of 32 pages that are not for bad ends one goes to tasks that only moved on. Of four, three go to
// the list of all tasks while hardly one was ever seen and few have ended: then it names the most
// and the others wait for little; else one goes to each list that was never read whole.
constexpr unsigned kMoveTurn = 32;
constexpr unsigned kFirstOf = 4;
constexpr unsigned kAllTurns = 3;
constexpr unsigned kFirstTurns = 1;
// Of three pages for tasks that succeeded, two may go to the list of running ones, if it is shorter
// by half and few of those that left it still wait to be asked.
constexpr double kShorter = 2;
constexpr unsigned kHintTurns = 3;
constexpr std::size_t kHintsMax = 25;
constexpr std::uint32_t kWorthTwo = 3;  // pages of a list that two walks share
constexpr double kManyUnnamed = 0.5;    // of a job's tasks
constexpr double kFewEnded = 0.25;      // of a job's tasks
// Lists of finished jobs wait for those of running ones.
constexpr double kFinishedWorth = 0.01;
// Without statistics: how many changes a second a list is taken to hold, for want of a count.
constexpr double kBlindRate = 0.2;

constexpr std::size_t index(TaskStatus s) {
  return static_cast<std::size_t>(s);
}
constexpr std::size_t kAll = index(TaskStatus::kUnknown);

constexpr std::uint32_t pages_of(double rows) {
  return std::max(1U, static_cast<std::uint32_t>((rows + kListPage - 1) / kListPage));
}

}  // namespace

// Tasks that no reply has named, while they are many and the list of all was never read whole: each
// page of that one names fifty, wherever they have got to meanwhile.
double JobPlanner::unnamed(const Job& job) const {
  if (!has_statistics() || !job.statistics || job.partly || is_finished_job(job)) return 0;
  const ListWalk& walk = job.lists[kAll];
  if (walk.whole_since() != Mono::min()) return 0;
  const double held = std::accumulate(job.held.begin(), job.held.end(), 0.0);
  const double lacking = job.statistics->total - held;
  if (walk.midway()) return std::max(0.0, lacking);
  double ended = 0;
  for (const TaskStatus status : kAllTaskStatuses) {
    if (is_finished(status)) ended += count_of(job.statistics->tasks, status);
  }
  const double total = job.statistics->total;
  return lacking > kManyUnnamed * total && ended < kFewEnded * total ? lacking : 0;
}

// The list would name tasks that were never seen, rather than where known ones have got to.
bool JobPlanner::is_first_sight(const Job& job, std::size_t list) const {
  if (!has_statistics() || !job.statistics || job.partly) return false;
  const bool all = unnamed(job) > 0;
  if (list == kAll) return all;
  const bool never = job.lists[list].whole_since() == Mono::min();
  return !all && never && job.lists[kAll].whole_since() == Mono::min();
}

// Tasks that a list holds and that we have not seen in it.
double JobPlanner::missing(const Job& job, std::size_t list, Mono now) const {
  if (!has_statistics() || !job.statistics) {
    if (has_statistics() || job.partly) return 0;  // they come first
    const Mono since = job.lists[list].whole_since();
    if (list == kAll) return 0;
    if (since == Mono::min()) return 1000;
    if (is_finished_job(job) && now - since < pace_.finished) return 0;
    const double unseen = seconds(now - since);
    return std::min(1.0 + kBlindRate * unseen, 1000.0);
  }
  if (const double all = list == kAll ? unnamed(job) : 0; all > 0) return all;
  const double there = job.statistics->tasks[list];
  const double known = job.partly ? job.walked[list] : job.held[list];
  return std::max(0.0, there - known);
}

// Tasks that succeeded are found in the list of those, which grows and grows; or they are missed in
// the list of running ones, which stays short, and then asked one by one. Both in turn: what was
// never seen running can be found in the first only.
std::size_t JobPlanner::shortest(const Job& job, std::size_t list, Mono now) const {
  const bool counted = has_statistics() && job.statistics;
  const bool found_at_once = order_.kind() != PageOrder::Kind::kOther;
  if (!counted || found_at_once || list != index(TaskStatus::kSucceeded)) return list;
  const std::size_t running = index(TaskStatus::kInProgress);
  const double long_way = pages_of(job.statistics->tasks[list]);
  const double short_way = pages_of(job.statistics->tasks[running]);
  const bool worthwhile = kShorter * short_way < long_way && job.held[running] > 0;
  const bool its_turn = good_turn_ % kHintTurns != 0 && hints_ < kHintsMax;
  return worthwhile && its_turn && job.lists[running].ready() <= now ? running : list;
}

// What one page of the list brings: the wait that it ends, in task-seconds.
double JobPlanner::worth(const Job& job, std::size_t list, double missing, Mono now) const {
  const bool counted = has_statistics() && job.statistics;
  const Mono since = counted ? job.missing_since[list] : job.lists[list].last_asked();
  const double waited =
      since == Mono::min() ? 1e4 : std::max(0.05, seconds(now - std::min(since, now)));
  double pages = pages_of(counted ? job.statistics->tasks[list] : job.held[list]);
  if (list == kAll && counted) pages = pages_of(job.statistics->total);
  if (order_.kind() == PageOrder::Kind::kNewestFirst)
    pages = std::min<double>(pages, pages_of(missing));
  // A list that goes on bringing nothing of what is missing lets the others go first.
  pages *= 1 + job.lists[list].barren(static_cast<std::uint32_t>(pages));
  return missing * waited / pages * (is_finished_job(job) ? kFinishedWorth : 1);
}

// Without a count every list is wanted for ever: at least once each is read whole.
bool JobPlanner::wants_whole(const Job& job, const ListWalk& walk) const {
  return !(has_statistics() && job.statistics) && walk.whole_since() == Mono::min();
}

// What a walk through that list may need at the most, by what is known of it.
std::uint32_t JobPlanner::bound_of(const Job& job, std::size_t list) const {
  double rows = 0;
  if (!has_statistics() || !job.statistics) {
    rows = std::accumulate(job.held.begin(), job.held.end(), 0.0);
  } else {
    rows = list == kAll ? job.statistics->total : job.statistics->tasks[list];
  }
  return kBoundFactor * pages_of(rows) + kBoundPages;
}

Planned JobPlanner::list_plan(const Job& job, std::size_t list, const ListWalk& walk,
                              Mono now) const {
  Planned plan{PlanRule::kMissing, Mono::min()};
  if (walk.in_flight(now)) return {PlanRule::kInFlight, walk.ready()};
  if (walk.backoff_until() > now) plan.not_before(PlanRule::kRetry, walk.backoff_until());
  if (walk.not_before() > now) plan.not_before(PlanRule::kFruitless, walk.not_before());
  const bool begins = !walk.midway() && walk.last_asked() != Mono::min();
  // Tasks that move on are not walked after more often than one of them would be asked.
  const bool moves =
      !wants_whole(job, walk) && class_of(list) == Class::kMove && !is_first_sight(job, list);
  if (moves && begins) plan.not_before(PlanRule::kPaceTask, walk.last_asked() + pace_.task);
  const bool counted = has_statistics() && job.statistics;
  if (!counted && begins) plan.not_before(PlanRule::kPaceJob, walk.last_asked() + pace_.job);
  return plan;
}

NextCall JobPlanner::next_page(Mono now, const Gates& gates) {
  NextCall choice;
  std::array<Candidate, 4> best{};
  for (auto& [id, job] : jobs_) {
    const Mono free = gates.until(job.instance);
    for (std::size_t list = 0; list < kLists; ++list) {
      const double gone = missing(job, list, now);
      if (gone <= 0) continue;
      const bool beside = job.lists[list].in_flight(now);
      if (beside && !may_walk_beside(job, list, now)) {
        choice.wake = std::min(choice.wake, job.lists[list].ready());
        continue;
      }
      ListWalk& walk = (beside ? job.beside : job.lists)[list];
      walk.place(now);  // a token that is too old ends the walk
      const Mono when = std::max(free, list_plan(job, list, walk, now).at);
      if (when > now) {
        choice.wake = std::min(choice.wake, when);
        continue;
      }
      if (walk.dies_soon(now)) {
        choice.call = page_call(job, {&job, list, 0, beside}, now);
        choice.urgent = is_bad(static_cast<TaskStatus>(list));
        return choice;
      }
      const bool never = wants_whole(job, walk) && !is_bad(static_cast<TaskStatus>(list));
      Class kind = never ? Class::kEnd : class_of(list);
      if (kind == Class::kMove && is_first_sight(job, list)) kind = Class::kFirst;
      Candidate& leader = best[static_cast<std::size_t>(kind)];
      const double value = worth(job, list, gone, now);
      if (value > leader.worth) {
        leader = {&job, beside ? list : shortest(job, list, now), value, beside};
      }
    }
  }
  const Candidate& bad = best[0];
  const Candidate& end = best[1];
  const Candidate& move = best[2];
  const Candidate& first = best[3];
  const unsigned first_turns = first.list == kAll ? kAllTurns : kFirstTurns;
  const bool firsts_turn =
      first.job != nullptr && (end.job == nullptr || good_turn_ % kFirstOf < first_turns);
  const bool moves_turn =
      move.job != nullptr && (end.job == nullptr || good_turn_ % kMoveTurn == kMoveTurn - 1);
  const Candidate& good = firsts_turn ? first : moves_turn ? move : end;
  const bool bads_turn = bad.job != nullptr && (good.job == nullptr || owed_ < kBadTurns);
  const Candidate& chosen = bads_turn ? bad : good;
  both_wait_ = bad.job != nullptr && good.job != nullptr;
  if (chosen.job != nullptr) choice.call = page_call(*find(chosen.job->id), chosen, now);
  choice.urgent = bads_turn;
  return choice;
}

// A walk goes a page a round trip. Where that is longer than a slot of the quota, a second walk
// from the first page on, begun when the first one is half through, halves the time until a page is
// seen again. Where the order tells at which end the news are there is nothing to gain.
bool JobPlanner::may_walk_beside(Job& job, std::size_t list, Mono now) const {
  if (order_.kind() != PageOrder::Kind::kOther || !has_statistics() || !job.statistics)
    return false;
  ListWalk& second = job.beside[list];
  if (second.in_flight(now)) return false;
  if (second.place(now).page > 0) return true;
  const std::uint32_t pages = pages_of(job.statistics->tasks[list]);
  const std::uint32_t at = job.lists[list].page_in_flight();
  return list != kAll && pages >= kWorthTwo && at >= pages / 2 && at < pages / 2 + 2;
}

Call JobPlanner::page_call(Job& job, const Candidate& chosen, Mono now) {
  const std::size_t list = chosen.list;
  const ListWalk::Place place = (chosen.beside ? job.beside : job.lists)[list].place(now);
  Call call;
  call.api = Api::kListTask;
  call.owner = CallOwner::kJobs;
  call.iot_instance = job.instance;
  call.job_id = job.id;
  if (list != kAll) call.status = static_cast<TaskStatus>(list);
  call.token = place.token;
  call.page = place.page;
  call.beside = chosen.beside;
  return call;
}

bool JobPlanner::is_finished_job(const Job& job) const {
  if (job.partly) return false;  // its explicit tasks have a pace of their own
  const bool counted = has_statistics() && job.statistics;
  const TaskCounts& tasks = counted ? job.statistics->tasks : job.held;
  std::uint32_t finished = 0, all = 0;
  for (const TaskStatus status : kAllTaskStatuses) {
    all += count_of(tasks, status);
    if (is_finished(status)) finished += count_of(tasks, status);
  }
  return all > 0 && finished == all;
}

// A finished job costs one call a minute in all: most for the counts, some for the status. True
// while the next one is for the status. A failed call takes its turn like any other, so that a
// status that cannot be read does not keep the counts from being read.
bool JobPlanner::is_descriptions_turn(const Job& job) const {
  const bool usable = usable_[static_cast<std::size_t>(Api::kQueryJob)];
  if (!usable || !has_statistics() || job.counted_at == Mono::min()) return false;
  if (!is_finished_job(job) || job.recount) return false;
  if (job.description_poll.sent_at() == Mono::min()) return true;
  const bool settled = job.description && is_finished(job.description->status);
  const std::uint32_t every = settled ? kDescriptionBeats : 2;
  return job.beats % every == every - 1;
}

Planned JobPlanner::statistics_plan(const Job& job, Mono now) const {
  const PollSlot& poll = job.statistics_poll;
  if (poll.is_waiting(now)) return {PlanRule::kInFlight, poll.ready()};
  if (is_descriptions_turn(job)) {
    return {PlanRule::kDescriptionTurn, description_plan(job, now).at};
  }
  Planned plan;
  const bool counted = job.counted_at != Mono::min();
  if (counted && is_finished_job(job) && !job.recount) {
    plan.not_before(PlanRule::kPaceFinished,
                    std::max(poll.sent_at(), job.description_poll.sent_at()) + pace_.finished);
  } else if (counted) {
    plan.not_before(PlanRule::kPaceJob, poll.sent_at() + pace_.job);
  }
  plan.not_before(PlanRule::kRetry, poll.backoff_until());
  return plan;
}

Planned JobPlanner::description_plan(const Job& job, Mono now) const {
  const PollSlot& poll = job.description_poll;
  if (poll.is_waiting(now)) return {PlanRule::kInFlight, poll.ready()};
  Planned plan;
  if (poll.sent_at() != Mono::min()) {
    if (!is_finished_job(job)) {
      if (job.description) plan.not_before(PlanRule::kPaceJob, poll.sent_at() + kDescription);
    } else if (usable_[static_cast<std::size_t>(Api::kQueryJob)] && has_statistics() &&
               !is_descriptions_turn(job)) {
      return {PlanRule::kPaceFinished, Mono::max()};  // the statistics' turn
    } else {
      plan.not_before(PlanRule::kPaceFinished,
                      std::max(job.statistics_poll.sent_at(), poll.sent_at()) + pace_.finished);
    }
  }
  plan.not_before(PlanRule::kRetry, poll.backoff_until());
  return plan;
}

// How much is expected to have changed since the job was counted last.
double JobPlanner::expected_changes(const Job& job, Mono now) const {
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

Call JobPlanner::job_call(Api api, const Job& job) {
  Call call;
  call.api = api;
  call.owner = CallOwner::kJobs;
  call.iot_instance = job.instance;
  call.job_id = job.id;
  return call;
}

NextCall JobPlanner::next_statistics(Mono now, const Gates& gates) const {
  NextCall choice;
  const Job* best = nullptr;
  double most = -1;
  for (const auto& [id, job] : jobs_) {
    const Planned plan = statistics_plan(job, now);
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
  if (best != nullptr) choice.call = job_call(Api::kQueryJobStatistics, *best);
  return choice;
}

NextCall JobPlanner::next_description(Mono now, const Gates& gates) const {
  NextCall choice;
  const Job* best = nullptr;
  for (const auto& [id, job] : jobs_) {
    const Mono when = std::max(description_plan(job, now).at, gates.until(job.instance));
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
