// Tasks of watched jobs that are asked one by one, by QueryTask: which, and what comes of it.
#include <algorithm>

#include "account/jobs.h"

namespace taskwatchd {
namespace {

constexpr Duration kSurplusEvery = std::chrono::seconds(10);

}  // namespace

NextCall AccountJobs::next_look(Now now, const std::vector<Mono>& held, const Tracker& tracker) {
  look_for_surplus(now, tracker);
  look_for_timeouts(now, tracker);
  const auto instance_of = [this](const std::string& job) -> std::optional<std::size_t> {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return std::nullopt;
    return found->second.instance;
  };
  NextCall due = timeouts_.next(now, pace_.task, held, tracker.table(), instance_of);
  if (due.call) return due;
  NextCall next = looks_.next(now.mono, held, tracker.table(), instance_of);
  next.wake = std::min(next.wake, due.wake);
  planner_.set_hints(looks_.waiting());
  return next;
}

void AccountJobs::expect_timeout(const Job& job, const std::string& task_id,
                                 const Tracker& tracker) {
  if (!job.record.last.timeout) return;
  const TaskTable::Slot slot = *tracker.table().find(task_id);
  timeouts_.expect(slot, tracker.table().row(slot), *job.record.last.timeout);
}

void AccountJobs::looked(Job& job, const std::optional<Sight>& before, const std::string& task_id,
                         const Tracker& tracker) {
  const TaskRow* const row = tracker.row(task_id);
  if (row == nullptr || !row->seen) return;
  job.forecast.looked(before ? &*before : nullptr, sight_of(*row));
}

void AccountJobs::looked_at(const std::string& task_id, const std::optional<Sight>& before,
                            const Tracker& tracker) {
  looks_.over(task_id, true);
  timeouts_.answered(task_id);
  const TaskRow* const row = tracker.row(task_id);
  if (row == nullptr || !row->seen) return;
  const std::string& job_id = tracker.table().job_id(*row);
  planner_.set_held(job_id, tracker.table().counts(job_id));
  const auto job = jobs_.find(job_id);
  if (job == jobs_.end()) return;
  looked(job->second, before, task_id, tracker);
  job->second.unseen.update(planner_.statistics_of(job_id), tracker.table().counts(job_id),
                            row->last_seen);
  if (!before || before->status != row->status) expect_timeout(job->second, task_id, tracker);
}

void AccountJobs::look_again(const std::string& task_id, bool again, Mono when) {
  timeouts_.failed(task_id, when);
  looks_.over(task_id, !again);
}

void AccountJobs::restored(const std::string& job_id, const Tracker& tracker) {
  planner_.set_held(job_id, tracker.table().counts(job_id));
  const auto job = jobs_.find(job_id);
  if (job == jobs_.end() || !job->second.record.last.timeout) return;
  tracker.table().for_each([&](const TaskRow& row) {
    if (!row.seen || row.status != TaskStatus::kInProgress) return;
    if (tracker.table().job_id(row) != job_id) return;
    expect_timeout(job->second, row.id, tracker);
  });
}

// Tasks that have just reached their timeouts and still run, as far as we know.
void AccountJobs::look_for_timeouts(Now now, const Tracker& tracker) {
  for (const std::string& job : timeouts_.reach(now, tracker.table())) {
    // Where it may not be asked again at once its job's count must tell.
    const bool rarely = pace_.task > Timeouts::kEvery;
    if (rarely && jobs_.contains(job)) planner_.expect_timeout(job, now.mono);
  }
}

// Tasks that we hold in a status that fewer have: some have moved on and no list shows where to.
void AccountJobs::look_for_surplus(Now now, const Tracker& tracker) {
  if (now.mono < surplus_looked_ + kSurplusEvery) return;
  surplus_looked_ = now.mono;
  for (const auto& [id, job] : jobs_) {
    const auto status = planner_.surplus(id, now.mono);
    if (status) looks_.want_surplus(id, *status, tracker.table());
  }
}

}  // namespace taskwatchd
