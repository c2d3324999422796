#include "core/polling/page_choice.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/polling/unreconciled.h"

namespace taskwatchd {
namespace {

constexpr std::uint32_t kBoundFactor = 2;
constexpr std::uint32_t kBoundPages = 8;  // for tasks that are counted late

// Of 32 pages that are not for failures, one goes to tasks that only changed status. Of four, three
// go to the list of all tasks while few tasks were seen and few have finished: it then shows the
// most, and the others lose little. Otherwise one goes to the lists that were never scanned
// completely.
constexpr unsigned kMoveTurn = 32;
constexpr unsigned kFirstOf = 4;
constexpr unsigned kAllTurns = 3;
constexpr unsigned kFirstTurns = 1;
// Of three pages for SUCCEEDED tasks, two may go to the IN_PROGRESS list, if it is less than half
// as long and few of the tasks that left it still wait for a poll.
constexpr double kShorter = 2;
constexpr unsigned kHintTurns = 3;
constexpr std::size_t kHintsMax = 25;
constexpr std::uint32_t kMinParallelPages = 3;  // pages of a list that is worth a parallel scan
// Lists of finished jobs wait for those of unfinished jobs.
constexpr double kFinishedPriority = 0.01;

constexpr std::uint32_t pages_of(double rows) {
  return std::max(1U, static_cast<std::uint32_t>((rows + kListPage - 1) / kListPage));
}

// Without a count, each list must be scanned completely at least once.
bool wants_complete_scan(const PlannedJob& job, const ListScan& scan) {
  return job.count() == nullptr && scan.complete_since() == Mono::min();
}

bool only_moves(std::size_t list) {
  return !is_finished(static_cast<TaskStatus>(list));
}

}  // namespace

std::uint32_t most_pages(const PlannedJob& job, std::size_t list) {
  double rows = 0;
  if (job.count() == nullptr) {
    rows = std::accumulate(job.known.begin(), job.known.end(), 0.0);
  } else {
    rows = list == kAllTasks ? job.count()->total : job.count()->tasks[list];
  }
  return kBoundFactor * pages_of(rows) + kBoundPages;
}

Planned list_plan(const PlannedJob& job, std::size_t list, const ListScan& scan, const Pace& pace,
                  Mono now) {
  Planned plan{PlanRule::kListUnreconciled, Mono::min()};
  if (scan.in_flight(now)) return {PlanRule::kInFlight, scan.ready()};
  if (scan.backoff_until() > now) plan.not_before(PlanRule::kRetry, scan.backoff_until());
  if (scan.not_before() > now) plan.not_before(PlanRule::kScanFoundNothing, scan.not_before());
  const bool begins = !scan.midway() && scan.last_asked() != Mono::min();
  if (!begins) return plan;
  // Changes between unfinished statuses are not scanned for more often than one task is polled.
  if (only_moves(list) && !wants_complete_scan(job, scan) && !is_first_observation(job, list)) {
    plan.not_before(PlanRule::kPaceTask, scan.last_asked() + pace.task);
  }
  if (job.count() == nullptr) plan.not_before(PlanRule::kPaceJob, scan.last_asked() + pace.job);
  return plan;
}

PageChoice::Class PageChoice::class_of(const PlannedJob& job, std::size_t list) {
  const auto status = static_cast<TaskStatus>(list);
  if (is_bad(status)) return Class::kBad;
  if (wants_complete_scan(job, job.lists[list]) || is_finished(status)) return Class::kEnd;
  return is_first_observation(job, list) ? Class::kFirst : Class::kMove;
}

// SUCCEEDED tasks are found in the SUCCEEDED list, which keeps growing; or by their absence from
// the IN_PROGRESS list, which stays short, followed by one QueryTask each. Both alternate: tasks
// that were never seen IN_PROGRESS can only be found in the former.
std::size_t PageChoice::shortest(const PlannedJob& job, std::size_t list, Mono now) const {
  const bool found_at_once = order_.kind() != PageOrder::Kind::kOther;
  const bool succeeded = list == list_of(TaskStatus::kSucceeded);
  if (job.count() == nullptr || found_at_once || !succeeded) return list;
  constexpr std::size_t kRunning = list_of(TaskStatus::kInProgress);
  const double long_way = pages_of(job.count()->tasks[list]);
  const double short_way = pages_of(job.count()->tasks[kRunning]);
  const bool worthwhile = kShorter * short_way < long_way && job.known[kRunning] > 0;
  const bool its_turn = good_turn_ % kHintTurns != 0 && hints_ < kHintsMax;
  return worthwhile && its_turn && job.lists[kRunning].ready() <= now ? kRunning : list;
}

// Priority of one page of the list: the waiting time that it ends, in task-seconds.
double PageChoice::priority(const PlannedJob& job, std::size_t list, double unreconciled,
                            Mono now) const {
  const JobStatistics* const count = job.count();
  const Mono since = count != nullptr ? job.unreconciled_since[list] : job.lists[list].last_asked();
  const double waited =
      since == Mono::min() ? 1e4 : std::max(0.05, seconds(now - std::min(since, now)));
  double pages = pages_of(count != nullptr ? count->tasks[list] : job.known[list]);
  if (list == kAllTasks && count != nullptr) pages = pages_of(count->total);
  if (order_.kind() == PageOrder::Kind::kNewestFirst)
    pages = std::min<double>(pages, pages_of(unreconciled));
  // A list that repeatedly brought no unreconciled task yields to the others.
  pages *= 1 + job.lists[list].barren(static_cast<std::uint32_t>(pages));
  return unreconciled * waited / pages * (job.is_finished() ? kFinishedPriority : 1);
}

NextCall PageChoice::next(PlannedJobs& jobs, const Pace& pace, const Gates& gates, Mono now) {
  NextCall choice;
  std::array<Candidate, 4> best{};
  for (auto& [id, job] : jobs) {
    const Mono free = gates.until(job.instance);
    for (std::size_t list = 0; list < kTaskLists; ++list) {
      const double unreconciled = unreconciled_in(job, list, pace, now);
      if (unreconciled <= 0) continue;
      const bool parallel = job.lists[list].in_flight(now);
      if (parallel && !may_scan_in_parallel(job, list, now)) {
        choice.wake = std::min(choice.wake, job.lists[list].ready());
        continue;
      }
      ListScan& scan = (parallel ? job.parallel : job.lists)[list];
      scan.position(now);  // restarts the scan if the token has expired
      const Mono when = std::max(free, list_plan(job, list, scan, pace, now).at);
      if (when > now) {
        choice.wake = std::min(choice.wake, when);
        continue;
      }
      if (scan.expires_soon(now)) {
        choice.call = page_call({&job, list, 0, parallel}, now);
        choice.urgent = is_bad(static_cast<TaskStatus>(list));
        return choice;
      }
      Candidate& leader = best[static_cast<std::size_t>(class_of(job, list))];
      const double value = priority(job, list, unreconciled, now);
      if (value > leader.priority) {
        leader = {&job, parallel ? list : shortest(job, list, now), value, parallel};
      }
    }
  }
  const auto& [bad, end, move, first] = best;
  const unsigned first_turns = first.list == kAllTasks ? kAllTurns : kFirstTurns;
  const bool firsts_turn =
      first.job != nullptr && (end.job == nullptr || good_turn_ % kFirstOf < first_turns);
  const bool moves_turn =
      move.job != nullptr && (end.job == nullptr || good_turn_ % kMoveTurn == kMoveTurn - 1);
  const Candidate& good = firsts_turn ? first : moves_turn ? move : end;
  const bool bads_turn = bad.job != nullptr && (good.job == nullptr || owed_ < kBadTurns);
  const Candidate& chosen = bads_turn ? bad : good;
  both_wait_ = bad.job != nullptr && good.job != nullptr;
  if (chosen.job != nullptr) choice.call = page_call(chosen, now);
  choice.urgent = bads_turn;
  return choice;
}

// A scan reads one page per round trip. If that is longer than a slot of the quota, a parallel
// scan, begun at the first page when the first scan is half done, halves the time until a page is
// read again. If the order shows at which end new tasks appear, there is nothing to gain.
bool PageChoice::may_scan_in_parallel(PlannedJob& job, std::size_t list, Mono now) const {
  if (order_.kind() != PageOrder::Kind::kOther || job.count() == nullptr) return false;
  ListScan& second = job.parallel[list];
  if (second.in_flight(now)) return false;
  if (second.position(now).page > 0) return true;
  const std::uint32_t pages = pages_of(job.count()->tasks[list]);
  const std::uint32_t at = job.lists[list].page_in_flight();
  return list != kAllTasks && pages >= kMinParallelPages && at >= pages / 2 && at < pages / 2 + 2;
}

Call PageChoice::page_call(const Candidate& chosen, Mono now) {
  PlannedJob& job = *chosen.job;
  const ListScan::Position position =
      (chosen.parallel ? job.parallel : job.lists)[chosen.list].position(now);
  Call call;
  call.api = Api::kListTask;
  call.owner = CallOwner::kJobs;
  call.iot_instance = job.instance;
  call.job_id = job.id;
  if (chosen.list != kAllTasks) call.status = static_cast<TaskStatus>(chosen.list);
  call.token = position.token;
  call.page = position.page;
  call.parallel = chosen.parallel;
  return call;
}

void PageChoice::on_sent(const Call& call) {
  const bool bad = call.status && is_bad(*call.status);
  if (!bad) ++good_turn_;
  owed_ = !both_wait_ ? 0 : bad ? owed_ + kGoodTurns : owed_ - std::min(owed_, kBadTurns);
}

// The list of all tasks may have a different order, and is read to its end.
void PageChoice::learn_order(const Call& call, const TaskPage& page) {
  if (call.status) order_.learn(page.tasks);
}

PageOrder::Kind PageChoice::order_of(const Call& call) const {
  return call.status ? order_.kind() : PageOrder::Kind::kOther;
}

}  // namespace taskwatchd
