// Which jobs are watched, and where they live: what a configuration, a discovery and the state say.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "account/jobs.h"

namespace taskwatchd {

// A renamed instance keeps its jobs and its sweep: it is known by where it is, not by its name.
void AccountJobs::configure_instances(const AccountConfig& config) {
  std::map<std::string, Instance> before = std::exchange(instances_, {});
  const auto same_place = [](const Instance& one, const InstanceConfig& wanted) {
    return one.region == wanted.region && one.id == wanted.id && one.endpoint == wanted.endpoint;
  };
  std::map<std::string, std::string> renamed;  // from, to
  for (const InstanceConfig& wanted : config.instances) {
    auto old = before.find(wanted.name);
    if (old == before.end() || !same_place(old->second, wanted)) {
      old = std::find_if(before.begin(), before.end(),
                         [&](const auto& entry) { return same_place(entry.second, wanted); });
    }
    Instance instance{
        .region = wanted.region,
        .id = wanted.id,
        .endpoint = wanted.endpoint,
        .context = std::make_shared<const TaskContext>(TaskContext{wanted.name, wanted.labels}),
        .deadline = wanted.deadline,
        .discovery = {}};
    if (wanted.discover_jobs) {
      const bool goes_on = old != before.end() && old->second.discovery;
      instance.discovery = goes_on ? *old->second.discovery : Discovery(*wanted.discover_jobs);
      instance.discovery->configure(*wanted.discover_jobs);
    }
    if (old != before.end()) {
      renamed.emplace(old->first, wanted.name);
      before.erase(old);
    }
    instances_.emplace(wanted.name, std::move(instance));
  }
  for (auto& [id, job] : jobs_) {
    const auto to = renamed.find(job.record.instance);
    job.record.instance = to == renamed.end() ? std::string() : to->second;  // empty: it is gone
  }
}

std::vector<std::string> AccountJobs::configure(const AccountConfig& config,
                                                const std::vector<JobRecord>& stored, Now now) {
  pace_ = config.pace;
  planner_.set_pace(config.pace);
  configure_instances(config);
  std::map<std::string, const JobRecord*> known;
  for (const JobRecord& record : stored) known[record.key.job_id] = &record;
  const auto record_of = [&](const std::string& id) {
    const auto found = known.find(id);
    return found == known.end() ? nullptr : found->second;
  };

  std::unordered_set<std::string> kept;
  for (const InstanceConfig& instance : config.instances) {
    for (const std::string& id : instance.jobs) {
      watch(id, instance.name, false, record_of(id), now);
      kept.insert(id);
    }
    if (!instance.discover_jobs) continue;
    Discovery& discovery = *instances_.at(instance.name).discovery;
    // What was found goes on until the next sweep says otherwise.
    for (const auto& [id, job] : jobs_) {
      if (!job.found || job.record.instance != instance.name || kept.contains(id)) continue;
      watch(id, instance.name, true, nullptr, now);
      discovery.restore(id, job.record.last.modified);
      kept.insert(id);
    }
    for (const auto& [id, record] : known) {
      const bool recent =
          Duration(now.wall - record->last.modified) <= instance.discover_jobs->modified_within;
      if (record->instance != instance.name || !recent || jobs_.contains(id)) continue;
      watch(id, instance.name, true, record, now);
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

AccountJobs::Job& AccountJobs::watch(const std::string& job_id, const std::string& instance,
                                     bool found, const JobRecord* stored, Now now) {
  const auto [it, fresh] = jobs_.try_emplace(job_id);
  Job& job = it->second;
  if (fresh) {
    if (stored != nullptr) job.record = *stored;
    job.record.key = {account_, job_id};
    if (stored == nullptr) job.record.first_seen = job.record.last_seen = now.wall;
    assisted_.erase(job_id);
  }
  const Instance& where = instances_.at(instance);
  job.record.instance = instance;
  job.context = where.context;
  job.deadline = where.deadline;
  job.found = found;
  job.forecast.describe(job.record.last.timeout, job.record.last.rollout_per_minute);
  planner_.add(job_id, instance, tracker_.table().counts(job_id), false);
  return job;
}

}  // namespace taskwatchd
