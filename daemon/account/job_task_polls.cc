#include "account/job_task_polls.h"

namespace taskwatchd {
namespace {

constexpr Duration kExcessEvery = std::chrono::seconds(10);

}  // namespace

NextCall JobTaskPolls::next(Now now, Duration min_interval, const Gates& gates) {
  poll_excess(now);
  check_timeouts(now, min_interval);
  const auto instance_of_job = [this](const std::string& id) -> const std::string* {
    const auto job = jobs_.find(id);
    return job == jobs_.end() ? nullptr : &job->second.record.instance;
  };
  NextCall due = timeouts_.next(now, min_interval, gates, table_, instance_of_job);
  if (due.call) return due;
  NextCall next = detail_queue_.next(now.mono, gates, table_, instance_of_job);
  next.wake = std::min(next.wake, due.wake);
  planner_.set_hints(detail_queue_.waiting());
  return next;
}

void JobTaskPolls::on_sent(const Call& call, Now now) {
  timeouts_.on_sent(call, now.mono);
  detail_queue_.on_sent(call.task_id, now.mono);
}

void JobTaskPolls::on_response(const Call& call) {
  detail_queue_.on_response(call.task_id);
  timeouts_.on_response(call);
}

void JobTaskPolls::on_failure(const Call& call, Mono retry_at, bool done) {
  timeouts_.on_failure(call, retry_at);
  if (done) {
    detail_queue_.on_response(call.task_id);
  } else {
    detail_queue_.on_failure(call.task_id, retry_at);
  }
}

void JobTaskPolls::expect_timeout(const JobReply& job, const std::string& task_id) {
  if (!job.timeout) return;
  const TaskTable::Slot slot = *table_.find(task_id);
  timeouts_.expect(slot, table_.row(slot), *job.timeout);
}

void JobTaskPolls::expect_timeouts(const JobReply& job, const std::string& job_id) {
  if (!job.timeout) return;
  const auto expect = [&](const TaskRow& row) { expect_timeout(job, row.id); };
  table_.for_each(job_id, expect);  // those that are gone may come back
}

void JobTaskPolls::counted(const std::string& job_id, const JobStatistics* before,
                           const JobStatistics& reply, Mono now) {
  const auto timed_out = [](const JobStatistics& s) {
    return count_of(s.tasks, TaskStatus::kTimedOut);
  };
  timeouts_.counted(job_id, before != nullptr && timed_out(reply) > timed_out(*before), now);
}

// Finds tasks that have just reached their timeouts and are IN_PROGRESS as far as is known.
void JobTaskPolls::check_timeouts(Now now, Duration min_interval) {
  for (const std::string& job : timeouts_.reach(now, table_)) {
    // If the task cannot be polled again at once, its job's statistics must show the timeout.
    const bool rarely = min_interval > Timeouts::kEvery;
    if (rarely && jobs_.contains(job)) planner_.expect_timeout(job, now.mono);
  }
}

// Queues tasks last known in a status that fewer tasks have: some moved on, and no list shows
// where.
void JobTaskPolls::poll_excess(Now now) {
  if (now.mono < excess_checked_at_ + kExcessEvery) return;
  excess_checked_at_ = now.mono;
  for (const auto& [id, job] : jobs_) {
    const auto status = planner_.excess(id, now.mono);
    if (status) detail_queue_.want_excess(id, *status, table_);
  }
}

}  // namespace taskwatchd
