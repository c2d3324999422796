#include "account/jobs.h"

#include <algorithm>
#include <cassert>

#include "core/events/job_events.h"
#include "core/polling/assist.h"

namespace taskwatchd {
namespace {

// Explicit tasks are seen through their job's list if they are one in so many of it at least.
constexpr std::uint32_t kAssistShare = 50;
constexpr int kAgreeing = 3;  // descriptions that are older than ours, before they are believed
constexpr Duration kAgreeingSpan = std::chrono::minutes(1);

}  // namespace

void AccountJobs::forget(const std::string& job_id) {
  planner_.remove(job_id);
  jobs_.erase(job_id);
  tracker_.unwatch_job(job_id);
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
    const auto job = jobs_.find(record.last.job_id);
    if (job == jobs_.end() || tracker_.watches(record.key.task_id)) continue;
    tracker_.restore(record, job->second.context, {now.mono, job->second.record.first_seen});
    changed.insert(job->first);
  }
  for (const std::string& job : changed) restored(job);
}

bool AccountJobs::discovers() const {
  return std::any_of(instances_.begin(), instances_.end(),
                     [](const auto& entry) { return entry.second.discovery.has_value(); });
}

Discovery* AccountJobs::discovery_of(const Call& call) {
  const auto found = instances_.find(call.iot_instance);
  if (found == instances_.end() || !found->second.discovery) return nullptr;
  return &*found->second.discovery;
}

const std::string* AccountJobs::instance_of(const std::string& job_id) const {
  const auto found = jobs_.find(job_id);
  return found == jobs_.end() ? nullptr : &found->second.record.instance;
}

bool AccountJobs::needs(Api api) const {
  switch (api) {
    case Api::kQueryTask:
    case Api::kListTask:
    case Api::kQueryJobStatistics:
    case Api::kQueryJob:
    case Api::kListJob:
      return !planner_.empty() || discovers();
    case Api::kQueryDeviceDistributeJob:
    case Api::kQueryDeviceDistributeDetail:
      return false;
  }
  return false;
}

bool AccountJobs::watches(const Call& call) const {
  if (call.api == Api::kListJob) {
    const auto instance = instances_.find(call.iot_instance);
    return instance != instances_.end() && instance->second.discovery;
  }
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

NextCall AccountJobs::next_listing(Now now, const Gates& gates) const {
  NextCall next;
  for (const auto& [name, instance] : instances_) {
    if (!instance.discovery) continue;
    const Mono when = std::max(instance.discovery->due(), gates.until(name));
    if (when > now.mono) {
      next.wake = std::min(next.wake, when);
      continue;
    }
    Call call;
    call.api = Api::kListJob;
    call.owner = CallOwner::kJobs;
    call.iot_instance = name;
    call.page = instance.discovery->page();
    next.call = std::move(call);
    return next;
  }
  return next;
}

NextCall AccountJobs::next(Api api, Now now, double, const Gates& gates) {
  switch (api) {
    case Api::kQueryJobStatistics:
      look_for_timeouts(now);
      return planner_.next_statistics(now.mono, gates);
    case Api::kListTask:
      return planner_.next_page(now.mono, gates);
    case Api::kQueryJob:
      return planner_.next_description(now.mono, gates);
    case Api::kListJob:
      return next_listing(now, gates);
    case Api::kQueryTask:
      return next_look(now, gates);
    case Api::kQueryDeviceDistributeJob:
    case Api::kQueryDeviceDistributeDetail:
      break;
  }
  return {};
}

void AccountJobs::on_sent(const Call& call, Now now) {
  if (call.api == Api::kQueryTask) {
    timeouts_.on_sent(call, now.mono);
    looks_.on_sent(call.task_id, now.mono);
  } else if (call.api == Api::kListJob) {
    discovery_of(call)->on_sent(call.number, now.mono);
  } else {
    planner_.on_sent(call, now.mono);
  }
}

void AccountJobs::on_answer(const Call& call, const Outcome& reply, Now now, Verdict& out) {
  if (const auto* task = std::get_if<TaskReply>(&reply)) {
    looks_.on_answer(call.task_id);
    timeouts_.on_answer(call);
    if (!tracker_.watches(call.task_id)) return;
    on_task(call.task_id, *task, now, out);
    out.shown.push_back(call.task_id);
  } else if (const auto* page = std::get_if<TaskPage>(&reply)) {
    on_page(call, *page, now, out);
  } else if (const auto* statistics = std::get_if<JobStatistics>(&reply)) {
    on_statistics(call, *statistics, now, out);
  } else if (const auto* job = std::get_if<JobReply>(&reply)) {
    on_description(call, *job, now, out);
  } else if (const auto* listing = std::get_if<JobPage>(&reply)) {
    on_listing(call, *listing, now, out);
  }
}

void AccountJobs::on_failure(const Call& call, const CallFailure& failure, Now now, Verdict& out) {
  if (call.api == Api::kListJob) {
    Discovery* const discovery = discovery_of(call);
    if (discovery != nullptr) discovery->on_failure(call.number, failure.retry_at);
    return;
  }
  const bool refused = failure.kind != CallFailure::Kind::kAgain;
  if (call.api != Api::kQueryTask) {
    planner_.on_failure(call, refused, failure.retry_at, now.mono);
    return;
  }
  timeouts_.on_failure(call, failure.retry_at);
  const bool absent = failure.kind == CallFailure::Kind::kAbsent && tracker_.watches(call.task_id);
  if (absent) out.observation.add(tracker_.not_found(call.task_id, now));
  if (!tracker_.watches(call.task_id) || (absent && tracker_.is_gone(call.task_id))) {
    looks_.on_answer(call.task_id);  // nothing more is to be had of it
  } else {
    looks_.on_failure(call.task_id, failure.retry_at);
  }
}

void AccountJobs::on_statistics(const Call& call, const JobStatistics& reply, Now now,
                                Verdict& out) {
  const JobStatistics* const before = planner_.statistics_of(call.job_id);
  const auto timed_out = [](const JobStatistics& s) {
    return count_of(s.tasks, TaskStatus::kTimedOut);
  };
  timeouts_.counted(call.job_id, before != nullptr && timed_out(reply) > timed_out(*before),
                    now.mono);
  planner_.on_statistics(call, reply, now.mono);
  const auto found = jobs_.find(call.job_id);
  if (found == jobs_.end()) {
    // A job that only helps: too big for what its explicit tasks are worth?
    const auto helped = assisted_.find(call.job_id);
    if (helped != assisted_.end() && reply.total > kAssistShare * helped->second) {
      planner_.remove(call.job_id);
    }
    return;
  }
  found->second.counted = now.wall;
  found->second.forecast.statistics(reply, now.mono);
  progressed(found->second, now, out);
}

// What is known of the job's tasks as a whole may have changed.
void AccountJobs::progressed(Job& job, Now now, Verdict& out) {
  JobRecord& record = job.record;
  record.last_seen = now.wall;
  job.touched = true;
  job.unseen.update(planner_.statistics_of(record.key.job_id),
                    tracker_.table().counts(record.key.job_id), now.wall);
  bool changed = false;
  if (!record.baselined && planner_.known_whole(record.key.job_id)) {
    record.baselined = changed = true;
    out.observation.events.push_back(job_baseline(
        record, tracker_.table().counts(record.key.job_id), now.wall, job.context->labels));
  }
  const bool finished = planner_.finished(record.key.job_id);
  if (finished != record.ended.has_value()) {
    record.ended.reset();
    if (finished) record.ended = now.wall;
    changed = true;
  }
  if (changed) out.jobs.push_back(record);
}

// Replies overtake each other, and some come from a copy that lags. As with tasks, what is older
// than ours is believed once three running agree on it for a minute.
bool AccountJobs::is_stale(Job& job, const JobReply& reply, Now now) {
  const JobReply& held = job.record.last;
  if (held.job_id.empty() || reply.modified >= held.modified) {
    job.older = 0;
    return false;
  }
  if (job.older++ == 0) job.older_since = now.mono;
  if (job.older < kAgreeing || now.mono - job.older_since < kAgreeingSpan) return true;
  job.older = 0;
  return false;
}

void AccountJobs::described(Job& job, const JobReply& reply, Now now, Verdict& out) {
  if (is_stale(job, reply, now)) return;
  JobRecord& record = job.record;
  const JobReply before = std::exchange(record.last, reply);
  if (!reply.timeout) record.last.timeout = before.timeout;
  if (!reply.rollout_per_minute) record.last.rollout_per_minute = before.rollout_per_minute;
  record.last_seen = now.wall;
  job.forecast.describe(record.last.timeout, record.last.rollout_per_minute);
  const bool first = before.job_id.empty();
  const bool moved = !first && before.status != reply.status;
  if (moved) {
    out.observation.events.push_back(
        job_transition(record, before.status, now.wall, job.context->labels));
  }
  const bool same = before.job_name == reply.job_name && before.modified == reply.modified &&
                    before.timeout == record.last.timeout;
  if (first || moved || !same) {
    out.jobs.push_back(record);
  } else {
    job.touched = true;
  }
}

void AccountJobs::on_description(const Call& call, const JobReply& reply, Now now, Verdict& out) {
  planner_.on_description(call, reply);
  const auto found = jobs_.find(call.job_id);
  if (found != jobs_.end()) described(found->second, reply, now, out);
}

void AccountJobs::on_listing(const Call& call, const JobPage& page, Now now, Verdict& out) {
  Discovery* const discovery = discovery_of(call);
  if (discovery == nullptr) return;
  Discovery::Found found = discovery->on_page(call.number, call.page, page, now);
  for (const JobReply& reply : found.fresh) {
    if (jobs_.contains(reply.job_id)) continue;  // named as well
    watch(reply.job_id, call.iot_instance, true, nullptr, now);
  }
  for (const JobReply& reply : page.jobs) {
    const auto job = jobs_.find(reply.job_id);
    if (job != jobs_.end()) described(job->second, reply, now, out);
  }
  for (const std::string& id : found.dropped) {
    const auto job = jobs_.find(id);
    if (job == jobs_.end() || !job->second.found) continue;
    forget(id);
    out.dropped_jobs.push_back(id);
  }
}

void AccountJobs::on_page(const Call& call, const TaskPage& page, Now now, Verdict& out) {
  const auto found = jobs_.find(call.job_id);
  Job* const job = found == jobs_.end() ? nullptr : &found->second;
  std::size_t fresh = 0;
  for (const TaskReply& row : page.tasks) {
    if (row.job_id != call.job_id && !row.job_id.empty()) {
      out.observation.anomalies.push_back(Anomaly::kWrongTaskId);
      continue;
    }
    Observation one = job != nullptr ? observe(*job, row, now)
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
    out.news.push_back(endless_list(job->record, call.status, now.wall));
  }
  if (end.whole_since) job->endless_logged = false;
  if (end.whole_since && call.status == TaskStatus::kInProgress) {
    const auto ago =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.mono - *end.whole_since);
    looks_.want_those_who_left(call.job_id, now.wall - ago, tracker_.table());
  }
  if (planner_.statistics_of(call.job_id) == nullptr) job->counted = now.wall;
  progressed(*job, now, out);
}

// One row of a watched job's list.
Observation AccountJobs::observe(Job& job, const TaskReply& row, Now now) {
  std::optional<Sight> before;
  const TaskRow* const held = tracker_.row(row.task_id);
  if (held != nullptr && held->seen) before = sight_of(*held);
  Observation seen = tracker_.observe_row(row, job.context, job.record.first_seen, now);
  looked(job, before, row.task_id);
  if (seen.moved && is_bad(row.status)) {
    looks_.want(row.task_id, CloserLooks::Why::kWords);  // the list does not say why
  }
  if (seen.moved) expect_timeout(job, row.task_id);
  return seen;
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

std::vector<JobRecord> AccountJobs::refresh() {
  std::vector<JobRecord> records;
  for (auto& [id, job] : jobs_) {
    if (std::exchange(job.touched, false)) records.push_back(job.record);
  }
  return records;
}

}  // namespace taskwatchd
