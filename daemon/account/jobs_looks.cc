// Tasks of watched jobs that are asked one by one, by QueryTask: which, and what comes of it.
#include <algorithm>

#include "account/jobs.h"
#include "core/events/task_events.h"

namespace taskwatchd {
namespace {

constexpr Duration kSurplusEvery = std::chrono::seconds(10);

}  // namespace

NextCall AccountJobs::next_look(Now now, const Gates& gates) {
  look_for_surplus(now);
  look_for_timeouts(now);
  const auto instance_of_job = [this](const std::string& job) { return instance_of(job); };
  NextCall due = timeouts_.next(now, pace_.task, gates, tracker_.table(), instance_of_job);
  if (due.call) return due;
  NextCall next = looks_.next(now.mono, gates, tracker_.table(), instance_of_job);
  next.wake = std::min(next.wake, due.wake);
  planner_.set_hints(looks_.waiting());
  return next;
}

void AccountJobs::expect_timeout(const Job& job, const std::string& task_id) {
  if (!job.record.last.timeout) return;
  const TaskTable::Slot slot = *tracker_.table().find(task_id);
  timeouts_.expect(slot, tracker_.table().row(slot), *job.record.last.timeout);
}

void AccountJobs::looked(Job& job, const std::optional<Sight>& before, const std::string& task_id) {
  const TaskRow* const row = tracker_.row(task_id);
  if (row == nullptr || !row->seen) return;
  job.forecast.looked(before ? &*before : nullptr, sight_of(*row));
}

void AccountJobs::on_task(const std::string& task_id, const TaskReply& reply, Now now,
                          Verdict& out) {
  const TaskRow* row = tracker_.row(task_id);
  const bool had_words = row->words != nullptr;
  const bool is_explicit = row->explicit_id;
  std::optional<Sight> before;
  if (row->seen) before = sight_of(*row);
  out.observation.add(tracker_.observe(task_id, reply, now));
  row = tracker_.row(task_id);
  if (row == nullptr || !row->seen) return;
  const std::string& job_id = tracker_.table().job_id(*row);
  planner_.set_held(job_id, tracker_.table().counts(job_id));
  if (!is_explicit && !out.observation.moved && !had_words && row->words != nullptr) {
    out.news.push_back(task_details(*tracker_.record(task_id), now.wall));  // no event has them
  }
  const auto job = jobs_.find(job_id);
  if (job == jobs_.end()) return;
  looked(job->second, before, task_id);
  job->second.unseen.update(planner_.statistics_of(job_id), tracker_.table().counts(job_id),
                            row->last_seen);
  if (!before || before->status != row->status) expect_timeout(job->second, task_id);
}

void AccountJobs::restored(const std::string& job_id) {
  planner_.set_held(job_id, tracker_.table().counts(job_id));
  const auto job = jobs_.find(job_id);
  if (job == jobs_.end() || !job->second.record.last.timeout) return;
  tracker_.table().for_each([&](const TaskRow& row) {
    if (!row.seen || row.status != TaskStatus::kInProgress) return;
    if (tracker_.table().job_id(row) != job_id) return;
    expect_timeout(job->second, row.id);
  });
}

// Tasks that have just reached their timeouts and still run, as far as we know.
void AccountJobs::look_for_timeouts(Now now) {
  for (const std::string& job : timeouts_.reach(now, tracker_.table())) {
    // Where it may not be asked again at once its job's count must tell.
    const bool rarely = pace_.task > Timeouts::kEvery;
    if (rarely && jobs_.contains(job)) planner_.expect_timeout(job, now.mono);
  }
}

// Tasks that we hold in a status that fewer have: some have moved on and no list shows where to.
void AccountJobs::look_for_surplus(Now now) {
  if (now.mono < surplus_looked_ + kSurplusEvery) return;
  surplus_looked_ = now.mono;
  for (const auto& [id, job] : jobs_) {
    const auto status = planner_.surplus(id, now.mono);
    if (status) looks_.want_surplus(id, *status, tracker_.table());
  }
}

}  // namespace taskwatchd
