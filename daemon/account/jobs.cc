#include "account/jobs.h"

#include <algorithm>
#include <cassert>

#include "core/assist.h"
#include "core/job_events.h"

namespace taskwatchd {
namespace {

// Explicit tasks are seen through their job's list if they are one in so many of it at least.
constexpr std::uint32_t kAssistShare = 50;
constexpr int kAgreeing = 3;  // descriptions that are older than ours, before they are believed
constexpr Duration kAgreeingSpan = std::chrono::minutes(1);

}  // namespace

std::vector<std::string> AccountJobs::configure(const AccountConfig& config,
                                                const std::vector<JobRecord>& stored,
                                                const Tracker& tracker, Now now) {
  pace_ = config.pace;
  planner_.set_pace(config.pace);
  instances_ = config.instances;
  contexts_.clear();
  for (const InstanceConfig& instance : instances_) {
    contexts_.push_back(
        std::make_shared<const TaskContext>(TaskContext{instance.name, instance.labels}));
  }
  std::map<std::string, const JobRecord*> known;
  for (const JobRecord& record : stored) known[record.key.job_id] = &record;
  const auto record_of = [&](const std::string& id) {
    const auto found = known.find(id);
    return found == known.end() ? nullptr : found->second;
  };

  std::unordered_set<std::string> kept;
  std::map<std::size_t, Discovery> before = std::exchange(discoveries_, {});
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    const InstanceConfig& instance = instances_[i];
    for (const std::string& id : instance.jobs) {
      watch(id, i, false, record_of(id), tracker, now);
      kept.insert(id);
    }
    if (!instance.discover_jobs) continue;
    Discovery& discovery = discoveries_.try_emplace(i, *instance.discover_jobs).first->second;
    // What was found goes on until the next sweep says otherwise.
    for (const auto& [id, job] : jobs_) {
      if (!job.found || job.record.instance != instance.name) continue;
      discovery.restore(id, job.record.last.modified);
      kept.insert(id);
    }
    for (const auto& [id, record] : known) {
      const bool recent =
          Duration(now.wall - record->last.modified) <= instance.discover_jobs->modified_within;
      if (record->instance != instance.name || !recent || jobs_.contains(id)) continue;
      watch(id, i, true, record, tracker, now);
      discovery.restore(id, record->last.modified);
      kept.insert(id);
    }
  }
  std::vector<std::string> dropped;
  for (const auto& [id, job] : jobs_) {
    if (!kept.contains(id)) dropped.push_back(id);
  }
  for (const std::string& id : dropped) forget(id);
  return dropped;
}

AccountJobs::Job& AccountJobs::watch(const std::string& job_id, std::size_t instance, bool found,
                                     const JobRecord* stored, const Tracker& tracker, Now now) {
  const auto [it, fresh] = jobs_.try_emplace(job_id);
  Job& job = it->second;
  if (fresh) {
    if (stored != nullptr) job.record = *stored;
    job.record.key = {account_, job_id};
    if (stored == nullptr) job.record.first_seen = job.record.last_seen = now.wall;
    assisted_.erase(job_id);
  }
  job.instance = instance;
  job.record.instance = instances_[instance].name;
  job.context = contexts_[instance];
  job.deadline = instances_[instance].deadline;
  job.found = found;
  job.forecast.describe(job.record.last.timeout, job.record.last.rollout_per_minute);
  planner_.add(job_id, instance, tracker.table().counts(job_id), false);
  return job;
}

void AccountJobs::forget(const std::string& job_id) {
  planner_.remove(job_id);
  jobs_.erase(job_id);
}

std::vector<std::string> AccountJobs::job_ids() const {
  std::vector<std::string> ids;
  for (const auto& [id, job] : jobs_) ids.push_back(id);
  return ids;
}

const SharedContext* AccountJobs::context_of(const std::string& job_id) const {
  const auto found = jobs_.find(job_id);
  return found == jobs_.end() ? nullptr : &found->second.context;
}

NextCall AccountJobs::next(Api api, Now now, const std::vector<Mono>& held,
                           const Tracker& tracker) {
  NextCall next;
  switch (api) {
    case Api::kQueryJobStatistics:
      look_for_timeouts(now, tracker);
      return planner_.next_statistics(now.mono, held);
    case Api::kListTask:
      return planner_.next_page(now.mono, held);
    case Api::kQueryJob:
      return planner_.next_description(now.mono, held);
    case Api::kListJob:
      for (const auto& [number, discovery] : discoveries_) {
        const Mono when =
            discovery.due() == Mono::max() ? Mono::max() : std::max(discovery.due(), held[number]);
        if (when > now.mono) {
          next.wake = std::min(next.wake, when);
          continue;
        }
        Call call;
        call.api = Api::kListJob;
        call.instance = number;
        call.page = discovery.page();
        next.call = std::move(call);
        return next;
      }
      return next;
    case Api::kQueryTask:
      return next_look(now, held, tracker);
    case Api::kQueryDeviceDistributeJob:
    case Api::kQueryDeviceDistributeDetail:
      return next;
  }
  return next;
}

void AccountJobs::asked(const Call& call, Now now) {
  if (call.api == Api::kQueryTask) {
    timeouts_.asked(call.task_id, now.mono);
    looks_.asked(call.task_id);
  } else if (call.api == Api::kListJob) {
    discoveries_.at(call.instance).asked();
  } else {
    planner_.asked(call, now.mono);
  }
}

void AccountJobs::failed(const Call& call, Mono retry_at) {
  if (call.api == Api::kListJob) {
    const auto discovery = discoveries_.find(call.instance);
    if (discovery != discoveries_.end()) discovery->second.failed(retry_at);
  } else if (call.api != Api::kQueryTask) {
    planner_.failed(call, retry_at);
  }
}

JobsVerdict AccountJobs::statistics(const Call& call, const JobStatistics& reply,
                                    const Tracker& tracker, Now now) {
  JobsVerdict out;
  const JobStatistics* const before = planner_.statistics_of(call.job_id);
  const auto timed_out = [](const JobStatistics& s) {
    return count_of(s.tasks, TaskStatus::kTimedOut);
  };
  timeouts_.counted(call.job_id, before != nullptr && timed_out(reply) > timed_out(*before),
                    now.mono);
  planner_.statistics(call.job_id, reply, now.mono);
  const auto found = jobs_.find(call.job_id);
  if (found == jobs_.end()) {
    // A job that only helps: too big for what its explicit tasks are worth?
    const auto helped = assisted_.find(call.job_id);
    if (helped != assisted_.end() && reply.total > kAssistShare * helped->second) {
      planner_.remove(call.job_id);
    }
    return out;
  }
  found->second.counted = now.wall;
  found->second.forecast.statistics(reply, now.mono);
  progressed(found->second, tracker, now, out);
  return out;
}

// What is known of the job's tasks as a whole may have changed.
void AccountJobs::progressed(Job& job, const Tracker& tracker, Now now, JobsVerdict& out) {
  JobRecord& record = job.record;
  record.last_seen = now.wall;
  job.touched = true;
  job.unseen.update(planner_.statistics_of(record.key.job_id),
                    tracker.table().counts(record.key.job_id), now.wall);
  bool changed = false;
  if (!record.baselined && planner_.known_whole(record.key.job_id)) {
    record.baselined = changed = true;
    out.events.push_back(job_baseline(record, tracker.table().counts(record.key.job_id), now.wall,
                                      job.context->labels));
  }
  const bool finished = planner_.finished(record.key.job_id);
  if (finished != record.ended.has_value()) {
    record.ended.reset();
    if (finished) record.ended = now.wall;
    changed = true;
  }
  if (changed) out.records.push_back(record);
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

void AccountJobs::described(Job& job, const JobReply& reply, Now now, JobsVerdict& out) {
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
    out.events.push_back(job_transition(record, before.status, now.wall, job.context->labels));
  }
  const bool same = before.job_name == reply.job_name && before.modified == reply.modified &&
                    before.timeout == record.last.timeout;
  if (first || moved || !same) {
    out.records.push_back(record);
  } else {
    job.touched = true;
  }
}

JobsVerdict AccountJobs::description(const Call& call, const JobReply& reply, Now now) {
  JobsVerdict out;
  planner_.description(call.job_id, reply);
  const auto found = jobs_.find(call.job_id);
  if (found != jobs_.end()) described(found->second, reply, now, out);
  return out;
}

JobsVerdict AccountJobs::listing(const Call& call, const JobPage& page, const Tracker& tracker,
                                 Now now) {
  JobsVerdict out;
  const auto discovery = discoveries_.find(call.instance);
  if (discovery == discoveries_.end()) return out;
  Discovery::Found found = discovery->second.listed(page, now);
  for (const JobReply& reply : found.fresh) {
    if (jobs_.contains(reply.job_id)) continue;  // named as well
    watch(reply.job_id, call.instance, true, nullptr, tracker, now);
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
  return out;
}

JobsVerdict AccountJobs::page(const Call& call, const TaskPage& page, Tracker& tracker, Now now,
                              Observation& seen) {
  JobsVerdict out;
  const auto found = jobs_.find(call.job_id);
  Job* const job = found == jobs_.end() ? nullptr : &found->second;
  std::size_t fresh = 0;
  for (const TaskReply& row : page.tasks) {
    if (row.job_id != call.job_id && !row.job_id.empty()) {
      seen.anomalies.push_back(Anomaly::kWrongTaskId);
      continue;
    }
    Observation one = job != nullptr ? observe(*job, row, tracker, now)
                                     : tracker.observe_row(row, nullptr, now.wall, now, true);
    fresh += one.moved ? 1 : 0;
    seen.add(std::move(one));
  }
  const auto began =
      planner_.page(call, page, fresh, tracker.table().counts(call.job_id), now.mono);
  if (job == nullptr) return out;
  if (began && call.status == TaskStatus::kInProgress) {
    const auto ago = std::chrono::duration_cast<std::chrono::milliseconds>(now.mono - *began);
    looks_.want_those_who_left(call.job_id, now.wall - ago, tracker.table());
  }
  if (planner_.statistics_of(call.job_id) == nullptr) job->counted = now.wall;
  progressed(*job, tracker, now, out);
  return out;
}

// One row of a watched job's list.
Observation AccountJobs::observe(Job& job, const TaskReply& row, Tracker& tracker, Now now) {
  std::optional<Sight> before;
  const TaskRow* const held = tracker.row(row.task_id);
  if (held != nullptr && held->seen) before = sight_of(*held);
  Observation seen = tracker.observe_row(row, job.context, job.record.first_seen, now);
  looked(job, before, row.task_id, tracker);
  if (seen.moved && is_bad(row.status)) {
    looks_.want(row.task_id, CloserLooks::Why::kWords);  // the list does not say why
  }
  if (seen.moved) expect_timeout(job, row.task_id, tracker);
  return seen;
}

void AccountJobs::assist(const std::string& job_id, std::size_t instance,
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
