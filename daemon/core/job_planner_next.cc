// What the planner asks next: what is missing where, and what each call would bring.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/job_planner.h"

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
std::size_t JobPlanner::shortest(const Job& job, std::size_t list) const {
  const bool counted = has_statistics() && job.statistics;
  const bool found_at_once = order_.kind() != PageOrder::Kind::kOther;
  if (!counted || found_at_once || list != index(TaskStatus::kSucceeded)) return list;
  const std::size_t running = index(TaskStatus::kInProgress);
  const double long_way = pages_of(job.statistics->tasks[list]);
  const double short_way = pages_of(job.statistics->tasks[running]);
  const bool worthwhile = kShorter * short_way < long_way && job.held[running] > 0;
  const bool its_turn = good_turn_ % kHintTurns != 0 && hints_ < kHintsMax;
  return worthwhile && its_turn && !job.lists[running].in_flight() ? running : list;
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
  return missing * waited / pages * (is_finished_job(job) ? kFinishedWorth : 1);
}

NextCall JobPlanner::next_page(Mono now, const std::vector<Mono>& held) {
  NextCall choice;
  std::array<Candidate, 4> best{};
  for (auto& [id, job] : jobs_) {
    const Mono free = std::max(job.not_before, held[job.instance]);
    for (std::size_t list = 0; list < kLists; ++list) {
      const double gone = missing(job, list, now);
      if (gone <= 0) continue;
      const bool beside = job.lists[list].in_flight();
      if (beside && !may_walk_beside(job, list, now)) continue;
      ListWalk& walk = (beside ? job.beside : job.lists)[list];
      Mono when = std::max(free, walk.not_before());
      const bool counted = has_statistics() && job.statistics.has_value();
      // Without a count every list is wanted for ever: at least once each is read whole.
      const bool never = !counted && walk.whole_since() == Mono::min();
      Class kind = never && !is_bad(static_cast<TaskStatus>(list)) ? Class::kEnd : class_of(list);
      if (kind == Class::kMove && is_first_sight(job, list)) kind = Class::kFirst;
      // Tasks that move on are not walked after more often than one of them would be asked.
      const bool begins = walk.place(now).page == 0;
      if (kind == Class::kMove && begins && walk.last_asked() != Mono::min()) {
        when = std::max(when, walk.last_asked() + pace_.task);
      }
      if (!counted && begins && walk.last_asked() != Mono::min()) {
        when = std::max(when, walk.last_asked() + pace_.job);
      }
      if (when > now) {
        choice.wake = std::min(choice.wake, when);
        continue;
      }
      if (walk.dies_soon(now)) {
        choice.call = page_call(job, {&job, list, 0, beside}, now);
        return choice;
      }
      Candidate& leader = best[static_cast<std::size_t>(kind)];
      const double value = worth(job, list, gone, now);
      if (value > leader.worth) leader = {&job, beside ? list : shortest(job, list), value, beside};
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
  return choice;
}

// A walk goes a page a round trip. Where that is longer than a slot of the quota, a second walk
// from the first page on, begun when the first one is half through, halves the time until a page is
// seen again. Where the order tells at which end the news are there is nothing to gain.
bool JobPlanner::may_walk_beside(Job& job, std::size_t list, Mono now) const {
  if (order_.kind() != PageOrder::Kind::kOther || !has_statistics() || !job.statistics)
    return false;
  ListWalk& second = job.beside[list];
  if (second.in_flight()) return false;
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
  call.instance = job.instance;
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

Mono JobPlanner::statistics_due(const Job& job) const {
  if (job.statistics_asked == Mono::min()) return job.not_before;
  Mono due = job.statistics_asked + pace_.job;
  if (is_finished_job(job) && !job.recount) {
    // One call a minute in all: most for the counts, some for the status.
    due = std::max(job.statistics_asked, job.description_asked) + pace_.finished;
  }
  return std::max(due, job.not_before);
}

Mono JobPlanner::description_due(const Job& job) const {
  if (job.description_asked == Mono::min()) return job.not_before;
  if (!is_finished_job(job)) return std::max(job.description_asked + kDescription, job.not_before);
  const bool settled = job.description && is_finished(job.description->status);
  const std::uint32_t every = settled || !has_statistics() ? kDescriptionBeats : 2;
  if (has_statistics() && job.beats % every != every - 1) return Mono::max();
  return std::max(std::max(job.statistics_asked, job.description_asked) + pace_.finished,
                  job.not_before);
}

NextCall JobPlanner::next_statistics(Mono now, const std::vector<Mono>& held) const {
  NextCall choice;
  const Job* best = nullptr;
  double best_worth = -1;
  for (const auto& [id, job] : jobs_) {
    if (job.statistics_in_flight) continue;
    Mono when = std::max(statistics_due(job), held[job.instance]);
    const bool its_turn =
        is_finished_job(job) && !job.recount && job.statistics_asked != Mono::min() &&
        usable_[static_cast<std::size_t>(Api::kQueryJob)] && description_due(job) != Mono::max();
    if (its_turn) continue;  // the description's
    if (when > now) {
      choice.wake = std::min(choice.wake, when);
      continue;
    }
    double expected = 1e9;  // never counted: that comes first
    if (job.statistics) {
      const TaskCounts& tasks = job.statistics->tasks;
      double rate = count_of(tasks, TaskStatus::kInProgress) * kRunningEnds +
                    count_of(tasks, TaskStatus::kSent) * kSentEnds +
                    (count_of(tasks, TaskStatus::kQueued) > 0 ? kRollout : 0) +
                    (job.statistics->total > 0 ? kAnything : kNothingYet);
      for (const Mono due : job.timeouts) rate += now - due <= kTimeoutLate ? kTimeoutEnds : 0;
      const double waited = seconds(now - job.statistics_asked);
      expected = rate * waited * waited;
    }
    if (expected > best_worth) {
      best_worth = expected;
      best = &job;
    }
  }
  if (best == nullptr) return choice;
  choice.call = Call{.api = Api::kQueryJobStatistics,
                     .instance = best->instance,
                     .iot_instance = {},
                     .task_id = {},
                     .job_id = best->id,
                     .status = {},
                     .token = {}};
  return choice;
}

NextCall JobPlanner::next_description(Mono now, const std::vector<Mono>& held) const {
  NextCall choice;
  const Job* best = nullptr;
  for (const auto& [id, job] : jobs_) {
    if (job.description_in_flight) continue;
    const Mono when = std::max(description_due(job), held[job.instance]);
    if (when > now) {
      choice.wake = std::min(choice.wake, when);
    } else if (best == nullptr || job.description_asked < best->description_asked) {
      best = &job;
    }
  }
  if (best == nullptr) return choice;
  choice.call = Call{.api = Api::kQueryJob,
                     .instance = best->instance,
                     .iot_instance = {},
                     .task_id = {},
                     .job_id = best->id,
                     .status = {},
                     .token = {}};
  return choice;
}

}  // namespace taskwatchd
