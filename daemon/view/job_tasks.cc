#include "view/job_tasks.h"

#include <functional>
#include <utility>

namespace taskwatchd {
namespace {

std::uint64_t hash_of(const std::string& task_id) {
  return std::hash<std::string>()(task_id);
}

}  // namespace

void JobTasks::configure(TaskSeries policy, std::size_t limit) {
  const bool narrower = policy < policy_;
  policy_ = policy;
  limit_ = limit;
  if (!narrower) return;
  for (auto& [key, job] : jobs_) {
    refused_ -= job.refused.size();
    job.refused.clear();
    admitted_ -= std::erase_if(job.admitted, [&, &account = key.account](const std::string& id) {
      const auto shown = page_.status({account, id});
      if (shown && wants(*shown)) return false;
      page_.erase({account, id});
      return true;
    });
  }
}

void JobTasks::put(const TaskRecord& record, const std::string& instance, const StringMap& labels) {
  const std::string& id = record.key.task_id;
  const bool shown = !record.superseded && !record.gone;
  const bool wanted = shown && wants(record.last.status);
  const JobKey key{record.key.account, record.last.job_id};
  auto found = jobs_.find(key);
  if (found == jobs_.end()) {
    if (!wanted) return;
    found = jobs_.try_emplace(key).first;
    found->second.instance = instance;
    found->second.labels = labels;
  }
  Job& job = found->second;
  if (job.admitted.contains(id)) {
    if (shown) {
      page_.put(record, instance, labels);
    } else {
      forget(record.key);
    }
  } else if (!wanted) {
    take_back(job, hash_of(id));
  } else if (admitted_ < limit_) {
    take_back(job, hash_of(id));
    job.admitted.insert(id);
    ++admitted_;
    page_.put(record, instance, labels);
  } else {
    refuse(job, hash_of(id));
  }
}

void JobTasks::adopt(const TaskKey& key, const std::string& job_id) {
  const auto shown = page_.status(key);
  if (!shown) return;
  if (!wants(*shown)) return page_.erase(key);
  Job& job = jobs_[{key.account, job_id}];
  if (job.admitted.contains(key.task_id)) return;
  if (admitted_ >= limit_) {
    refuse(job, hash_of(key.task_id));
    return page_.erase(key);
  }
  job.admitted.insert(key.task_id);
  ++admitted_;
}

void JobTasks::release(const TaskKey& key, const std::string& job_id) {
  const auto found = jobs_.find({key.account, job_id});
  if (found == jobs_.end()) return;
  admitted_ -= found->second.admitted.erase(key.task_id);
  take_back(found->second, hash_of(key.task_id));
}

void JobTasks::forget(const TaskKey& key) {
  for (auto job = jobs_.lower_bound({key.account, ""});
       job != jobs_.end() && job->first.account == key.account; ++job) {
    take_back(job->second, hash_of(key.task_id));
    if (job->second.admitted.erase(key.task_id) == 0) continue;
    --admitted_;
    page_.erase(key);
  }
}

void JobTasks::keep(const std::vector<LiveJob>& live) {
  std::map<JobKey, const JobView*> views;
  for (const LiveJob& job : live) {
    views.try_emplace({job.key.account, job.view->job_id}, job.view);
  }
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    const auto view = views.find(job->first);
    if (view == views.end()) {
      job = drop(job);
      continue;
    }
    Job& kept = job->second;
    if (kept.instance != view->second->instance || kept.labels != view->second->labels) {
      kept.instance = view->second->instance;
      kept.labels = view->second->labels;
      for (const std::string& id : kept.admitted) {
        page_.rename({job->first.account, id}, kept.instance, kept.labels);
      }
    }
    ++job;
  }
}

std::vector<JobTasks::Shown> JobTasks::admitted() const {
  std::vector<Shown> all;
  for (const auto& [key, job] : jobs_) {
    for (const std::string& id : job.admitted) all.push_back({{key.account, id}, key.job_id});
  }
  return all;
}

void JobTasks::refuse(Job& job, std::uint64_t hash) {
  if (refused_ < kCounted && job.refused.insert(hash).second) ++refused_;
}

void JobTasks::take_back(Job& job, std::uint64_t hash) {
  refused_ -= job.refused.erase(hash);
}

JobTasks::Jobs::iterator JobTasks::drop(Jobs::iterator job) {
  for (const std::string& id : job->second.admitted) page_.erase({job->first.account, id});
  admitted_ -= job->second.admitted.size();
  refused_ -= job->second.refused.size();
  return jobs_.erase(job);
}

}  // namespace taskwatchd
