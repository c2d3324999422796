#include "account/account_jobs.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "account/job_views.h"
#include "core/events/job_events.h"
#include "core/events/task_events.h"

namespace taskwatchd {
namespace {

// Explicit tasks are polled through their job's lists if they are at least 1 in 50 of its tasks.
constexpr std::uint32_t kAssistShare = 50;
constexpr Duration kForecastEvery = std::chrono::seconds(10);

std::optional<TaskSample> sample_before(const TaskRow* row) {
  if (row == nullptr || !row->seen) return std::nullopt;
  return sample_of(*row);
}

}  // namespace

std::vector<std::string> AccountJobs::configure(const AccountConfig& config, const Stored& stored,
                                                Now now) {
  pace_ = config.pace;
  planner_.set_pace(config.pace);
  const std::map<std::string, std::string> renamed = instances_.configure(config);
  for (auto& [id, job] : jobs_) {
    const auto to = renamed.find(job.record.instance);
    job.record.instance = to == renamed.end() ? std::string() : to->second;  // empty: removed
  }
  std::map<std::string, const JobRecord*> known;
  for (const JobRecord& record : stored.jobs) known[record.key.job_id] = &record;
  const StoredTimes times = by_key(stored.stored_times);
  const auto record_of = [&](const std::string& id) {
    const auto found = known.find(id);
    return found == known.end() ? nullptr : found->second;
  };

  std::unordered_set<std::string> kept;
  for (const InstanceConfig& instance : config.instances) {
    for (const std::string& id : instance.jobs) {
      watch(id, instance.name, false, record_of(id), times, now);
      kept.insert(id);
    }
    if (!instance.discover_jobs) continue;
    Discovery& discovery = *instances_.at(instance.name).discovery;
    // Discovered jobs stay watched until the next sweep drops them.
    for (const auto& [id, job] : jobs_) {
      if (!job.found || job.record.instance != instance.name || kept.contains(id)) continue;
      watch(id, instance.name, true, nullptr, times, now);
      discovery.restore(id, job.record.last.modified);
      kept.insert(id);
    }
    for (const auto& [id, record] : known) {
      const bool recent =
          Duration(now.wall - record->last.modified) <= instance.discover_jobs->modified_within;
      if (record->instance != instance.name || !recent || jobs_.contains(id)) continue;
      watch(id, instance.name, true, record, times, now);
      discovery.restore(id, record->last.modified);
      kept.insert(id);
    }
  }
  std::vector<std::string> dropped;
  for (const auto& [id, job] : jobs_) {
    if (!kept.contains(id)) dropped.push_back(id);
  }
  for (const std::string& id : dropped) forget(id);
  tracker_.set_job_contexts([this](const std::string& id) -> const SharedContext* {
    const auto job = jobs_.find(id);
    return job == jobs_.end() ? nullptr : &job->second.context;
  });
  return dropped;
}

void AccountJobs::watch(const std::string& job_id, const std::string& instance, bool found,
                        const JobRecord* stored, const StoredTimes& times, Now now) {
  const auto [it, fresh] = jobs_.try_emplace(job_id);
  WatchedJob& job = it->second;
  if (fresh) {
    if (stored != nullptr) job.record = *stored;
    job.record.key = {account_, job_id};
    if (stored == nullptr) job.record.first_seen = job.record.last_seen = now.wall;
    job.reports.restore(times, job.record);
    assisted_.erase(job_id);
  }
  const JobInstances::Instance& where = instances_.at(instance);
  job.record.instance = instance;
  job.context = where.context;
  job.deadline = where.deadline;
  job.found = found;
  job.forecast.describe(job.record.last.timeout, job.record.last.rollout_per_minute);
  planner_.add(job_id, instance, tracker_.table().counts(job_id), false);
}

void AccountJobs::forget(const std::string& job_id) {
  planner_.remove(job_id);
  jobs_.erase(job_id);
  tracker_.unwatch_job(job_id);
}

WatchedJob* AccountJobs::find(const std::string& job_id) {
  const auto found = jobs_.find(job_id);
  return found == jobs_.end() ? nullptr : &found->second;
}

std::vector<std::string> AccountJobs::job_ids() const {
  std::vector<std::string> ids;
  for (const auto& [id, job] : jobs_) ids.push_back(id);
  return ids;
}

std::vector<std::string> AccountJobs::unfinished() const {
  std::vector<std::string> ids;
  for (const auto& [id, job] : jobs_) {
    if (!planner_.finished(id)) ids.push_back(id);
  }
  return ids;
}

void AccountJobs::restore(const std::vector<TaskRecord>& records, Now now) {
  std::unordered_set<std::string> changed;
  for (const TaskRecord& record : records) {
    const WatchedJob* const job = find(record.last.job_id);
    if (job == nullptr || tracker_.watches(record.key.task_id)) continue;
    tracker_.restore(record, job->context, {now.mono, job->record.first_seen});
    changed.insert(record.last.job_id);
  }
  for (const std::string& id : changed) {
    planner_.set_known(id, tracker_.table().counts(id));
    task_polls_.expect_timeouts(find(id)->record.last, id);
  }
}

bool AccountJobs::needs(Api api) const {
  switch (api) {
    case Api::kQueryTask:
    case Api::kListTask:
    case Api::kQueryJobStatistics:
    case Api::kQueryJob:
    case Api::kListJob:
      return !planner_.empty() || instances_.discovers();
    case Api::kQueryDeviceDistributeJob:
    case Api::kQueryDeviceDistributeDetail:
      return false;
  }
  return false;
}

bool AccountJobs::watches(const Call& call) const {
  if (call.api == Api::kListJob) return instances_.discovery_of(call) != nullptr;
  if (call.api == Api::kQueryTask) return tracker_.watches(call.task_id);
  return planner_.has(call.job_id);
}

bool AccountJobs::has_seen(const Call& call) const {
  if (call.api != Api::kQueryTask) return planner_.statistics_of(call.job_id) != nullptr;
  const TaskRow* const row = tracker_.row(call.task_id);
  return row != nullptr && row->seen;
}

void AccountJobs::set_usable(Api api, bool usable, Now) {
  planner_.set_usable(api, usable);
}

NextCall AccountJobs::next(Api api, Now now, double, const Gates& gates) {
  switch (api) {
    case Api::kQueryJobStatistics:
      task_polls_.check_timeouts(now, pace_.task);
      return planner_.next_statistics(now.mono, gates);
    case Api::kListTask:
      return planner_.next_page(now.mono, gates);
    case Api::kQueryJob:
      return planner_.next_details(now.mono, gates);
    case Api::kListJob:
      return instances_.next_listing(now, gates);
    case Api::kQueryTask:
      return task_polls_.next(now, pace_.task, gates);
    case Api::kQueryDeviceDistributeJob:
    case Api::kQueryDeviceDistributeDetail:
      break;
  }
  return {};
}

void AccountJobs::on_sent(const Call& call, Now now) {
  if (call.api == Api::kQueryTask) {
    task_polls_.on_sent(call, now);
  } else if (call.api == Api::kListJob) {
    instances_.discovery_of(call)->on_sent(call.number, now.mono);
  } else {
    planner_.on_sent(call, now.mono);
  }
}

void AccountJobs::on_response(const Call& call, const Outcome& reply, Now now, CallEffects& out) {
  if (const auto* task = std::get_if<TaskReply>(&reply)) {
    task_polls_.on_response(call);
    if (!tracker_.watches(call.task_id)) return;
    on_task(call.task_id, *task, now, out);
    out.shown.push_back(call.task_id);
  } else if (const auto* page = std::get_if<TaskPage>(&reply)) {
    on_page(call, *page, now, out);
  } else if (const auto* statistics = std::get_if<JobStatistics>(&reply)) {
    on_statistics(call, *statistics, now, out);
  } else if (const auto* job = std::get_if<JobReply>(&reply)) {
    on_details(call, *job, now, out);
  } else if (const auto* listing = std::get_if<JobPage>(&reply)) {
    on_listing(call, *listing, now, out);
  }
}

void AccountJobs::on_failure(const Call& call, const CallFailure& failure, Now now,
                             CallEffects& out) {
  if (call.api == Api::kListJob) {
    Discovery* const discovery = instances_.discovery_of(call);
    if (discovery != nullptr) discovery->on_failure(call.number, failure.retry_at);
    return;
  }
  const bool refused = failure.kind != CallFailure::Kind::kAgain;
  if (call.api != Api::kQueryTask) {
    planner_.on_failure(call, refused, failure.retry_at, now.mono);
    return;
  }
  const bool absent = failure.kind == CallFailure::Kind::kAbsent && tracker_.watches(call.task_id);
  if (absent) out.observation.add(tracker_.not_found(call.task_id, now));
  const bool done = !tracker_.watches(call.task_id) || (absent && tracker_.is_gone(call.task_id));
  task_polls_.on_failure(call, failure.retry_at, done);
}

void AccountJobs::on_statistics(const Call& call, const JobStatistics& reply, Now now,
                                CallEffects& out) {
  task_polls_.counted(call.job_id, planner_.statistics_of(call.job_id), reply, now.mono);
  planner_.on_statistics(call, reply, now.mono);
  WatchedJob* const job = find(call.job_id);
  if (job == nullptr) {
    // An assisting job: is it too large for the number of its explicit tasks?
    const auto helped = assisted_.find(call.job_id);
    if (helped != assisted_.end() && reply.total > kAssistShare * helped->second) {
      planner_.remove(call.job_id);
    }
    return;
  }
  job->counted = now.wall;
  job->forecast.statistics(reply, now.mono);
  job->progressed(planner_, tracker_.table(), now, out);
}

void AccountJobs::on_details(const Call& call, const JobReply& reply, Now now, CallEffects& out) {
  planner_.on_details(call, reply);
  if (WatchedJob* const job = find(call.job_id)) job->on_details(reply, now, out);
}

void AccountJobs::on_listing(const Call& call, const JobPage& page, Now now, CallEffects& out) {
  Discovery* const discovery = instances_.discovery_of(call);
  if (discovery == nullptr) return;
  Discovery::Found found = discovery->on_page(call.number, call.page, page, now);
  for (const JobReply& reply : found.fresh) {
    if (jobs_.contains(reply.job_id)) continue;  // also named in the configuration
    watch(reply.job_id, call.iot_instance, true, nullptr, {}, now);
  }
  for (const JobReply& reply : page.jobs) {
    if (WatchedJob* const job = find(reply.job_id)) job->on_details(reply, now, out);
  }
  for (const std::string& id : found.dropped) {
    const WatchedJob* const job = find(id);
    if (job == nullptr || !job->found) continue;
    forget(id);
    out.dropped_jobs.push_back(id);
  }
}

void AccountJobs::on_page(const Call& call, const TaskPage& page, Now now, CallEffects& out) {
  WatchedJob* const job = find(call.job_id);
  std::size_t fresh = 0;
  for (const TaskReply& row : page.tasks) {
    if (row.job_id != call.job_id && !row.job_id.empty()) {
      out.observation.anomalies.push_back(Anomaly::kWrongTaskId);
      continue;
    }
    Observation one = job != nullptr ? observe(*job, row, now, out)
                                     : tracker_.observe_row(row, nullptr, now.wall, now, true);
    fresh += one.moved ? 1 : 0;
    out.observation.add(std::move(one));
    out.shown.push_back(row.task_id);
  }
  const auto end =
      planner_.on_page(call, page, fresh, tracker_.table().counts(call.job_id), now.mono);
  if (end.endless) out.observation.anomalies.push_back(Anomaly::kEndlessList);
  if (job == nullptr) return;
  if (end.endless && !std::exchange(job->endless_logged, true)) {
    out.events.push_back(endless_list(job->record, call.status, now.wall));
  }
  if (end.complete_since) job->endless_logged = false;
  if (end.complete_since && call.status == TaskStatus::kInProgress) {
    const auto ago =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.mono - *end.complete_since);
    task_polls_.list_ended(call.job_id, now.wall - ago);
  }
  if (planner_.statistics_of(call.job_id) == nullptr) job->counted = now.wall;
  job->progressed(planner_, tracker_.table(), now, out);
}

// Applies one row of a watched job's list.
Observation AccountJobs::observe(WatchedJob& job, const TaskReply& row, Now now, CallEffects& out) {
  const std::optional<TaskSample> before = sample_before(tracker_.row(row.task_id));
  Observation seen = tracker_.observe_row(row, job.context, job.record.first_seen, now);
  job.task_seen(before, tracker_.row(row.task_id));
  if (seen.moved && is_bad(row.status)) task_polls_.want_details(row.task_id);
  if (seen.moved) {
    task_polls_.expect_timeout(job.record.last, row.task_id);
    job.task_moved(now, out);
  }
  return seen;
}

void AccountJobs::on_task(const std::string& task_id, const TaskReply& reply, Now now,
                          CallEffects& out) {
  const TaskRow* row = tracker_.row(task_id);
  const bool had_message = row->device_message != nullptr;
  const std::optional<TaskSample> before = sample_before(row);
  out.observation.add(tracker_.observe(task_id, reply, now));
  row = tracker_.row(task_id);
  if (row == nullptr || !row->seen) return;
  const std::string& job_id = tracker_.table().job_id(*row);
  planner_.set_known(job_id, tracker_.table().counts(job_id));
  if (is_bad(row->status) && !out.observation.moved && !had_message &&
      row->device_message != nullptr) {  // in no event yet
    out.observation.events.push_back(
        task_details(*tracker_.record(task_id), now.wall, row->context->labels));
  }
  WatchedJob* const job = find(job_id);
  if (job == nullptr) return;
  job->task_seen(before, row);
  job->unseen.update(planner_.statistics_of(job_id), tracker_.table().counts(job_id),
                     row->last_seen);
  if (!before || before->status != row->status) {
    task_polls_.expect_timeout(job->record.last, task_id);
  }
  if (out.observation.moved) job->task_moved(now, out);
  job->report_end(planner_, tracker_.table(), now, out);
}

void AccountJobs::assist(const std::string& job_id, const std::string& instance,
                         std::size_t unfinished_tasks) {
  if (job_id.empty() || jobs_.contains(job_id)) return;
  if (unfinished_tasks == 0) {
    assisted_.erase(job_id);
    planner_.remove(job_id);
    return;
  }
  const auto helped = assisted_.find(job_id);
  if (helped != assisted_.end()) {
    helped->second = unfinished_tasks;
    if (planner_.has(job_id)) planner_.move(job_id, instance);
  } else if (unfinished_tasks >= kAssistTasks) {
    assisted_.emplace(job_id, unfinished_tasks);
    planner_.add(job_id, instance, {}, true);
  }
}

void AccountJobs::update_forecasts(Now now) {
  if (!forecast_pass_) {
    if (now.mono < forecast_at_ + kForecastEvery) return;
    forecast_at_ = now.mono;
    forecast_pass_.emplace(jobs_, planner_, now);
  }
  if (forecast_pass_->step(jobs_, tracker_.table(), now)) forecast_pass_.reset();
}

void AccountJobs::report_stalled(Now now, Commit& commit) {
  for (auto& [id, job] : jobs_) job.report_stalled(planner_, tracker_.table(), now, commit);
}

std::vector<JobRecord> AccountJobs::refresh() {
  std::vector<JobRecord> records;
  for (auto& [id, job] : jobs_) {
    if (std::exchange(job.touched, false)) records.push_back(job.record);
  }
  return records;
}

std::vector<JobView> AccountJobs::views(Now now) const {
  return job_views(jobs_, planner_, tracker_.table(), now);
}

}  // namespace taskwatchd
