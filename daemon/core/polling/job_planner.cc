#include "core/polling/job_planner.h"

#include <algorithm>
#include <cassert>

#include "core/polling/job_polls.h"
#include "core/polling/unreconciled.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kTimeoutsMax = 1000;  // tracked per job at once

std::size_t list_of(const Call& call) {
  return call.status ? list_of(*call.status) : kAllTasks;
}

}  // namespace

const PlannedJob* JobPlanner::find(const std::string& job_id) const {
  const auto it = jobs_.find(job_id);
  return it == jobs_.end() ? nullptr : &it->second;
}

PlannedJob* JobPlanner::find(const std::string& job_id) {
  const auto it = jobs_.find(job_id);
  return it == jobs_.end() ? nullptr : &it->second;
}

void JobPlanner::add(const std::string& job_id, const std::string& instance,
                     const TaskCounts& known, bool assisting) {
  const auto [it, fresh] = jobs_.try_emplace(job_id);
  PlannedJob& job = it->second;
  job.instance = instance;
  job.assisting = assisting;
  job.known = known;
  if (!fresh) return;
  job.id = job_id;
  job.statistics_usable = statistics_usable_;
  job.details_usable = details_usable_;
  job.unreconciled_since.fill(Mono::max());
}

void JobPlanner::move(const std::string& job_id, const std::string& instance) {
  jobs_.at(job_id).instance = instance;
}

void JobPlanner::remove(const std::string& job_id) {
  jobs_.erase(job_id);
}

void JobPlanner::set_usable(Api api, bool usable) {
  if (api == Api::kQueryJobStatistics) statistics_usable_ = usable;
  if (api == Api::kQueryJob) details_usable_ = usable;
  for (auto& [id, job] : jobs_) {
    job.statistics_usable = statistics_usable_;
    job.details_usable = details_usable_;
  }
}

NextCall JobPlanner::next_statistics(Mono now, const Gates& gates) const {
  return taskwatchd::next_statistics(jobs_, pace_, gates, now);
}

NextCall JobPlanner::next_page(Mono now, const Gates& gates) {
  return pages_.next(jobs_, pace_, gates, now);
}

NextCall JobPlanner::next_details(Mono now, const Gates& gates) const {
  return taskwatchd::next_details(jobs_, pace_, gates, now);
}

ListScan& JobPlanner::scan_of(PlannedJob& job, const Call& call) {
  return (call.parallel ? job.parallel : job.lists)[list_of(call)];
}

void JobPlanner::on_sent(const Call& call, Mono now) {
  PlannedJob* const job = find(call.job_id);
  assert(job != nullptr);
  if (call.api == Api::kQueryJobStatistics) {
    job->statistics_poll.on_sent(call.number, now);
    job->recount = false;
    ++job->heartbeats;
  } else if (call.api == Api::kQueryJob) {
    job->details_poll.on_sent(call.number, now);
    ++job->heartbeats;
  } else {
    scan_of(*job, call).on_sent(call.number, now);
    pages_.on_sent(call);
  }
}

void JobPlanner::on_statistics(const Call& call, const JobStatistics& statistics, Mono now) {
  PlannedJob* const job = find(call.job_id);
  if (job == nullptr) return;  // removed while the call was in flight
  job->counted_at = std::max(job->counted_at, job->statistics_poll.sent_at());
  job->statistics_poll.on_response(call.number);
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
  update_unreconciled_since(*job, pace_, now);
}

JobPlanner::PageEnd JobPlanner::on_page(const Call& call, const TaskPage& page, std::size_t fresh,
                                        const TaskCounts& known, Mono now) {
  pages_.learn_order(call, page);
  PlannedJob* const job = find(call.job_id);
  if (job == nullptr) return {};
  const std::size_t list = list_of(call);
  job->known = known;
  ListScan& scan = scan_of(*job, call);
  // Without a count it is unknown whether all tasks were found: the scan goes on to the end.
  const bool counted = job->count() != nullptr;
  const ListScan::End end =
      scan.on_page(call.number, call.token,
                   {.next_token = page.next_token,
                    .rows = page.tasks.size() + page.unreadable,
                    .fresh = fresh,
                    .satisfied = counted && unreconciled_in(*job, list, pace_, now) <= 0,
                    .counted = counted && job->statistics_at <= scan.last_asked(),
                    .bound = most_pages(*job, list)},
                   pages_.order_of(call), now);
  const bool complete = end == ListScan::End::kComplete;
  if (job->assisting && complete && job->statistics)
    job->scanned_counts[list] = job->statistics->tasks[list];
  update_unreconciled_since(*job, pace_, now);
  PageEnd out;
  if (complete) out.complete_since = scan.complete_since();
  out.endless = end == ListScan::End::kEndless;
  return out;
}

void JobPlanner::on_details(const Call& call, const JobReply& reply) {
  PlannedJob* const job = find(call.job_id);
  if (job == nullptr) return;
  job->details_poll.on_response(call.number);
  const bool moved = job->details && (job->details->status != reply.status ||
                                      job->details->modified != reply.modified);
  if (moved) job->recount = true;
  job->details = reply;
}

void JobPlanner::on_failure(const Call& call, bool token_rejected, Mono retry_at, Mono now) {
  PlannedJob* const job = find(call.job_id);
  if (job == nullptr) return;
  if (call.api == Api::kQueryJobStatistics) {
    job->statistics_poll.on_failure(call.number, retry_at);
  } else if (call.api == Api::kQueryJob) {
    job->details_poll.on_failure(call.number, retry_at);
  } else {
    scan_of(*job, call).on_failure(call.number, call.token, token_rejected, retry_at, now);
    update_unreconciled_since(*job, pace_, now);
  }
}

void JobPlanner::set_known(const std::string& job_id, const TaskCounts& known) {
  if (PlannedJob* const job = find(job_id)) job->known = known;
}

void JobPlanner::expect_timeout(const std::string& job_id, Mono now) {
  PlannedJob* const job = find(job_id);
  if (job != nullptr && job->timeouts.size() < kTimeoutsMax) job->timeouts.push_back(now);
}

const JobStatistics* JobPlanner::statistics_of(const std::string& job_id) const {
  const PlannedJob* const job = find(job_id);
  return job == nullptr || !job->statistics ? nullptr : &*job->statistics;
}

bool JobPlanner::finished(const std::string& job_id) const {
  const PlannedJob* const job = find(job_id);
  return job != nullptr && job->is_finished();
}

std::uint32_t JobPlanner::unreconciled(const std::string& job_id) const {
  const PlannedJob* const job = find(job_id);
  return job == nullptr ? 0 : unreconciled_tasks(*job);
}

std::optional<TaskStatus> JobPlanner::excess(const std::string& job_id, Mono now) const {
  const PlannedJob* const job = find(job_id);
  return job == nullptr ? std::nullopt : excess_status(*job, now);
}

bool JobPlanner::fully_observed(const std::string& job_id) const {
  const PlannedJob* const job = find(job_id);
  return job != nullptr && is_fully_observed(*job);
}

std::optional<JobPlan> JobPlanner::plan_of(const std::string& job_id, Mono now) const {
  const PlannedJob* const job = find(job_id);
  if (job == nullptr) return std::nullopt;
  return taskwatchd::plan_of(*job, pace_, now);
}

}  // namespace taskwatchd
