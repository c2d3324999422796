#include "core/polling/job_planner.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace taskwatchd {
namespace {

constexpr std::size_t kTimeoutsMax = 1000;  // of one job, waited for at once
constexpr Duration kSurplus = std::chrono::seconds(30);

constexpr std::size_t index(TaskStatus s) {
  return static_cast<std::size_t>(s);
}
constexpr std::size_t kAll = index(TaskStatus::kUnknown);

}  // namespace

JobPlanner::Class JobPlanner::class_of(std::size_t list) {
  const auto status = static_cast<TaskStatus>(list);
  if (is_bad(status)) return Class::kBad;
  return is_finished(status) ? Class::kEnd : Class::kMove;
}

const JobPlanner::Job* JobPlanner::find(const std::string& job_id) const {
  const auto it = jobs_.find(job_id);
  return it == jobs_.end() ? nullptr : &it->second;
}

JobPlanner::Job* JobPlanner::find(const std::string& job_id) {
  const auto it = jobs_.find(job_id);
  return it == jobs_.end() ? nullptr : &it->second;
}

void JobPlanner::add(const std::string& job_id, const std::string& instance, const TaskCounts& held,
                     bool partly) {
  const auto [it, fresh] = jobs_.try_emplace(job_id);
  Job& job = it->second;
  job.instance = instance;
  job.partly = partly;
  job.held = held;
  if (!fresh) return;
  job.id = job_id;
  job.missing_since.fill(Mono::max());
}

void JobPlanner::move(const std::string& job_id, const std::string& instance) {
  jobs_.at(job_id).instance = instance;
}

void JobPlanner::remove(const std::string& job_id) {
  jobs_.erase(job_id);
}

void JobPlanner::set_usable(Api api, bool usable) {
  usable_[static_cast<std::size_t>(api)] = usable;
}

ListWalk& JobPlanner::walk_of(Job& job, const Call& call) {
  auto& walks = call.beside ? job.beside : job.lists;
  return walks[call.status ? index(*call.status) : kAll];
}

void JobPlanner::on_sent(const Call& call, Mono now) {
  Job* const job = find(call.job_id);
  assert(job != nullptr);
  if (call.api == Api::kQueryJobStatistics) {
    job->statistics_poll.on_sent(call.number, now);
    job->recount = false;
    ++job->beats;
  } else if (call.api == Api::kQueryJob) {
    job->description_poll.on_sent(call.number, now);
    ++job->beats;
  } else {
    walk_of(*job, call).on_sent(call.number, now);
    const bool bad = call.status && is_bad(*call.status);
    if (!bad) ++good_turn_;
    owed_ = !both_wait_ ? 0 : bad ? owed_ + kGoodTurns : owed_ - std::min(owed_, kBadTurns);
  }
}

void JobPlanner::on_statistics(const Call& call, const JobStatistics& statistics, Mono now) {
  Job* const job = find(call.job_id);
  if (job == nullptr) return;  // unlisted while in flight
  job->counted_at = std::max(job->counted_at, job->statistics_poll.sent_at());
  job->statistics_poll.on_answer(call.number);
  const std::uint32_t timed_out =
      job->statistics ? count_of(job->statistics->tasks, TaskStatus::kTimedOut) : 0;
  for (auto more = std::int64_t{count_of(statistics.tasks, TaskStatus::kTimedOut)} - timed_out;
       more > 0 && !job->timeouts.empty(); --more) {
    job->timeouts.pop_front();
  }
  while (!job->timeouts.empty() && now - job->timeouts.front() > kTimeoutLate) {
    job->timeouts.pop_front();
  }
  job->statistics = statistics;
  job->statistics_at = now;
  note_missing(*job, now);
}

void JobPlanner::note_missing(Job& job, Mono now) {
  if (!job.statistics) return;
  double surplus = 0, lacking = 0;
  for (std::size_t list = 0; list < kLists; ++list) {
    const double gone = missing(job, list, now);
    lacking += gone;
    surplus += std::max(0.0, double(job.held[list]) - double(job.statistics->tasks[list]));
    if (gone <= 0) {
      job.missing_since[list] = Mono::max();
    } else {
      job.missing_since[list] = std::min(job.missing_since[list], now);
    }
  }
  // While lists still find where the surplus went it needs no calls of its own.
  if (surplus <= 0 || (lacking > 0 && !is_stuck(job, now))) {
    job.surplus_since = Mono::max();
  } else {
    job.surplus_since = std::min(job.surplus_since, now);
  }
}

bool JobPlanner::is_stuck(const Job& job, Mono now) const {
  for (std::size_t list = 0; list < kLists; ++list) {
    if (job.lists[list].is_stuck() && missing(job, list, now) > 0) return true;
  }
  return false;
}

JobPlanner::PageEnd JobPlanner::on_page(const Call& call, const TaskPage& page, std::size_t fresh,
                                        const TaskCounts& held, Mono now) {
  // The list of all tasks may have an order of its own, and is read to its end.
  if (call.status) order_.learn(page.tasks);
  Job* const job = find(call.job_id);
  if (job == nullptr) return {};
  const std::size_t list = call.status ? index(*call.status) : kAll;
  job->held = held;
  ListWalk& walk = walk_of(*job, call);
  const bool blind = !has_statistics() || !job->statistics;
  const bool satisfied = blind || missing(*job, list, now) <= 0;
  const ListWalk::End end =
      walk.on_page(call.number, call.token,
                   {.next_token = page.next_token,
                    .rows = page.tasks.size() + page.unreadable,
                    .fresh = fresh,
                    // Without a count nobody knows that all is found: go on to the end.
                    .satisfied = satisfied && !blind,
                    .counted = !blind && job->statistics_at <= walk.last_asked(),
                    .bound = bound_of(*job, list)},
                   call.status ? order_.kind() : PageOrder::Kind::kOther, now);
  const bool whole = end == ListWalk::End::kWhole;
  if (job->partly && whole && job->statistics) job->walked[list] = job->statistics->tasks[list];
  note_missing(*job, now);
  PageEnd out;
  if (whole) out.whole_since = walk.whole_since();
  out.endless = end == ListWalk::End::kEndless;
  return out;
}

void JobPlanner::on_description(const Call& call, const JobReply& reply) {
  Job* const job = find(call.job_id);
  if (job == nullptr) return;
  job->description_poll.on_answer(call.number);
  const bool moved = job->description && (job->description->status != reply.status ||
                                          job->description->modified != reply.modified);
  if (moved) job->recount = true;
  job->description = reply;
}

void JobPlanner::on_failure(const Call& call, bool refused, Mono retry_at, Mono now) {
  Job* const job = find(call.job_id);
  if (job == nullptr) return;
  if (call.api == Api::kQueryJobStatistics) {
    job->statistics_poll.on_failure(call.number, retry_at);
  } else if (call.api == Api::kQueryJob) {
    job->description_poll.on_failure(call.number, retry_at);
  } else {
    walk_of(*job, call).on_failure(call.number, call.token, refused, retry_at, now);
    note_missing(*job, now);
  }
}

void JobPlanner::set_held(const std::string& job_id, const TaskCounts& held) {
  if (Job* const job = find(job_id)) job->held = held;
}

void JobPlanner::expect_timeout(const std::string& job_id, Mono now) {
  Job* const job = find(job_id);
  if (job != nullptr && job->timeouts.size() < kTimeoutsMax) job->timeouts.push_back(now);
}

const JobStatistics* JobPlanner::statistics_of(const std::string& job_id) const {
  const Job* const job = find(job_id);
  return job == nullptr || !job->statistics ? nullptr : &*job->statistics;
}

std::uint32_t JobPlanner::unreconciled(const std::string& job_id) const {
  const Job* const job = find(job_id);
  if (job == nullptr || !job->statistics || job->partly) return 0;
  std::uint32_t lacking = 0, surplus = 0;
  for (std::size_t list = 0; list < kLists; ++list) {
    const std::uint32_t there = job->statistics->tasks[list];
    const std::uint32_t held = job->held[list];
    lacking += there > held ? there - held : 0;
    surplus += held > there ? held - there : 0;
  }
  return std::max(lacking, surplus);
}

std::optional<TaskStatus> JobPlanner::surplus(const std::string& job_id, Mono now) const {
  const Job* const job = find(job_id);
  if (job == nullptr || !job->statistics || job->partly) return std::nullopt;
  if (job->surplus_since == Mono::max() || now - job->surplus_since < kSurplus) return {};
  const auto is_surplus = [&](TaskStatus status) {
    return count_of(job->held, status) > count_of(job->statistics->tasks, status);
  };
  // Those that run first: they are the ones that may have failed.
  for (const TaskStatus status : {TaskStatus::kInProgress, TaskStatus::kSent}) {
    if (is_surplus(status)) return status;
  }
  for (const TaskStatus status : kAllTaskStatuses) {
    if (is_surplus(status)) return status;
  }
  return std::nullopt;
}

bool JobPlanner::known_whole(const std::string& job_id) const {
  const Job* const job = find(job_id);
  if (job == nullptr) return false;
  if (has_statistics()) {
    if (!job->statistics) return false;
    std::uint32_t held = 0;
    for (const std::uint32_t n : job->held) held += n;
    return held >= job->statistics->total;
  }
  for (std::size_t list = 0; list < kAll; ++list) {
    if (job->lists[list].whole_since() == Mono::min()) return false;
  }
  return true;
}

bool JobPlanner::finished(const std::string& job_id) const {
  const Job* const job = find(job_id);
  return job != nullptr && is_finished_job(*job);
}

}  // namespace taskwatchd
