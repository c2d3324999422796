#include "view/job_counters.h"

#include <algorithm>
#include <utility>

#include "view/families.h"
#include "view/label_text.h"

namespace taskwatchd {
namespace {

std::size_t place(TaskStatus status) {
  return static_cast<std::size_t>(status);
}

}  // namespace

JobCounters::Job& JobCounters::job(const std::string& account, std::string_view job_id,
                                   Wall created) {
  const auto [found, is_new] = jobs_.try_emplace(JobKey{account, label_text(job_id)});
  if (is_new) {
    found->second.created = created;
    found->second.known = !asked_;
  }
  if (!found->second.known) want(account, job_id);
  return found->second;
}

void JobCounters::want(const std::string& account, std::string_view job_id) {
  const bool first = wanted_.empty();
  wanted_.insert({account, std::string(job_id)});
  if (first) asked_();
}

std::vector<JobKey> JobCounters::wanted(std::size_t limit) {
  // Ids that are equal as labels are the same job here.
  std::erase_if(wanted_, [this](const JobKey& key) { return known(key); });
  std::vector<JobKey> keys;
  for (const JobKey& key : wanted_) {
    if (keys.size() >= limit) break;
    keys.push_back(key);
  }
  return keys;
}

void JobCounters::know(const std::vector<JobKey>& jobs, Wall now) {
  for (const JobKey& key : jobs) {
    const auto [found, is_new] = jobs_.try_emplace(JobKey{key.account, label_text(key.job_id)});
    if (is_new) found->second.created = now;
    found->second.known = true;
  }
}

bool JobCounters::known(const JobKey& job) const {
  const auto found = jobs_.find({job.account, label_text(job.job_id)});
  return found != jobs_.end() && found->second.known;
}

// If there is room, the job need not wait for the next pass over all jobs.
void JobCounters::begin_watching(Job& job) {
  if (job.watched()) return;
  const bool others_wait = refused() > 0;
  ++watched_;
  if (others_wait || admitted_ >= limit_) return;
  job.admitted = true;
  ++admitted_;
}

void JobCounters::watch(const TaskKey& task, std::string_view job_id, Wall at) {
  std::string label = label_text(job_id);
  const auto known = job_of_.find(task);
  if (known != job_of_.end()) {
    if (known->second == label) return;
    unwatch(task);
  }
  Job& watched = job(task.account, job_id, at);
  begin_watching(watched);
  ++watched.tasks;
  job_of_.emplace(task, std::move(label));
}

void JobCounters::unwatch(const TaskKey& task) {
  const auto known = job_of_.find(task);
  if (known == job_of_.end()) return;
  Job& watched = jobs_.at({task.account, known->second});
  job_of_.erase(known);
  --watched.tasks;
  left(watched);
  drop_hidden();
}

void JobCounters::list(const std::vector<LiveJob>& jobs, Wall at) {
  std::set<JobKey> before = std::exchange(listed_, {});
  for (const LiveJob& live : jobs) {
    Job& watched = job(live.key.account, live.view->job_id, at);
    if (!watched.watched()) ++watched_;
    watched.listed = true;
    watched.ended = live.view->ended.has_value();
    before.erase(live.key);
    listed_.insert(live.key);
  }
  for (const JobKey& key : before) {
    Job& gone = jobs_.at(key);
    gone.listed = false;
    left(gone);
  }
  admit_waiting();
  drop_hidden();
}

bool JobCounters::admitted(const JobKey& job) const {
  const auto found = jobs_.find(job);
  return found != jobs_.end() && found->second.admitted;
}

// Removes the job's series if nothing of the job is watched any more.
void JobCounters::left(Job& job) {
  if (job.watched()) return;
  --watched_;
  if (job.admitted) --admitted_;
  job.admitted = false;
}

void JobCounters::admit_waiting() {
  for (const bool ended : {false, true}) {
    if (admitted_ >= limit_ || refused() == 0) return;
    for (auto& [key, job] : jobs_) {
      if (admitted_ >= limit_) return;
      const bool over = job.tasks == 0 && job.ended;
      if (!job.watched() || job.admitted || over != ended) continue;
      job.admitted = true;
      ++admitted_;
    }
  }
}

// Removes many at a time: a pass over all jobs for each removal would be quadratic.
void JobCounters::drop_hidden() {
  if (jobs_.size() - watched_ <= kHiddenJobs) return;
  std::vector<std::map<JobKey, Job>::iterator> hidden;
  for (auto it = jobs_.begin(); it != jobs_.end(); ++it) {
    if (!it->second.watched()) hidden.push_back(it);
  }
  const auto keep = static_cast<std::ptrdiff_t>(kHiddenJobs - kDropped);
  const auto younger = [](const auto& a, const auto& b) {
    return a->second.created > b->second.created;
  };
  std::nth_element(hidden.begin(), hidden.begin() + keep, hidden.end(), younger);
  for (auto it = hidden.begin() + keep; it != hidden.end(); ++it) jobs_.erase(*it);
}

void JobCounters::add(const CounterDelta& delta, Wall at) {
  if (asked_ && !known({delta.key.account, delta.key.job_id})) {
    want(delta.key.account, delta.key.job_id);  // the delta is already in the state database
    return;
  }
  Job& counted = job(delta.key.account, delta.key.job_id, at);
  Numbers& numbers =
      delta.key.counter == Counter::kTransitions ? counted.transitions : counted.first_seen;
  numbers.at(place(delta.key.status)) += delta.add;
  drop_hidden();
}

void JobCounters::restore(const std::vector<CounterValue>& values, Wall now) {
  // Summed first: two ids that differ only beyond a label's maximum length are one job here.
  struct Sum {
    Wall created = Wall::max();
    Numbers transitions{};
    Numbers first_seen{};
  };
  std::map<JobKey, Sum> sums;
  for (const CounterValue& value : values) {
    Sum& sum = sums[JobKey{value.key.account, label_text(value.key.job_id)}];
    sum.created = std::min(sum.created, value.created);
    Numbers& numbers =
        value.key.counter == Counter::kTransitions ? sum.transitions : sum.first_seen;
    numbers.at(place(value.key.status)) += value.value;
  }
  for (const auto& [key, sum] : sums) {
    Job& restored = jobs_[key];
    if (!restored.known) restored.created = sum.created;
    restored.known = true;
    restored.created = std::min(restored.created, sum.created);
    // Created in the future: the clock was set back since then, and a minute of zeros would look
    // like a reset.
    restored.revealed = restored.revealed || sum.created > now;
    for (std::size_t i = 0; i < kTaskStatusCount; ++i) {
      restored.transitions[i] = std::max(restored.transitions[i], sum.transitions[i]);
      restored.first_seen[i] = std::max(restored.first_seen[i], sum.first_seen[i]);
    }
  }
}

std::vector<JobNumbers> JobCounters::shown(Wall now) {
  admit_waiting();
  std::vector<JobNumbers> all;
  for (auto& [key, job] : jobs_) {
    if (!job.admitted || !job.known) continue;
    job.revealed = job.revealed || now - job.created >= kShownAsZero;
    all.push_back({key, job.revealed ? job.transitions : Numbers{}, job.first_seen});
  }
  return all;
}

void write_job_counters(const std::vector<JobNumbers>& jobs, MetricsWriter& page) {
  const auto write = [&](FamilyId id, std::string_view label, const auto& numbers_of) {
    page.begin(family(id));
    for (const JobNumbers& job : jobs) {
      std::array<Label, 3> labels = {
          {{"account", job.key.account}, {"job_id", job.key.job_id}, {label, ""}}};
      for (const TaskStatus status : kAllTaskStatuses) {
        labels[2].second = name(status);
        page.sample(labels, static_cast<double>(numbers_of(job)[place(status)]));
      }
    }
  };
  write(FamilyId::kTaskTransitions, "to", [](const JobNumbers& job) { return job.transitions; });
  write(FamilyId::kTaskFirstSeen, "status", [](const JobNumbers& job) { return job.first_seen; });
}

}  // namespace taskwatchd
