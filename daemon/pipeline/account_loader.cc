#include "pipeline/account_loader.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace taskwatchd {
namespace {

constexpr std::size_t kLoadPart = 5000;  // records

// The jobs that an account will watch, as far as known before its first call: the configured ones,
// and those that discovery found before the last restart.
std::vector<std::string> jobs_of(const AccountConfig& account, const Stored& stored, Wall now) {
  std::vector<std::string> ids;
  for (const InstanceConfig& instance : account.instances) {
    ids.insert(ids.end(), instance.jobs.begin(), instance.jobs.end());
    if (!instance.discover_jobs) continue;
    for (const JobRecord& job : stored.jobs) {
      const bool recent =
          Duration(now - job.last.modified) <= instance.discover_jobs->modified_within;
      if (job.instance == instance.name && recent) ids.push_back(job.key.job_id);
    }
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// If `newer` has two records of a task, the later one counts.
void put_newer(std::vector<TaskRecord> newer, std::vector<TaskRecord>& records) {
  if (newer.empty()) return;
  std::map<TaskKey, TaskRecord> latest;
  for (TaskRecord& record : newer) latest[record.key] = std::move(record);
  std::erase_if(records, [&](const TaskRecord& old) { return latest.contains(old.key); });
  for (auto& [key, record] : latest) records.push_back(std::move(record));
}

}  // namespace

std::vector<std::string> explicit_tasks_of(const AccountConfig& account) {
  std::vector<std::string> ids;
  for (const InstanceConfig& instance : account.instances) {
    ids.insert(ids.end(), instance.tasks.begin(), instance.tasks.end());
  }
  return ids;
}

AccountLoader::AccountLoader(Ports ports, const Recorder& recorder, Metrics& metrics)
    : ports_(ports), recorder_(recorder), metrics_(metrics) {}

Awaitable<std::variant<Stored, StoreError>> AccountLoader::load(const AccountConfig& account,
                                                                const Poller* poller,
                                                                bool taken_over) {
  std::vector<std::string> tasks = explicit_tasks_of(account);
  std::set<std::string> watched;
  if (poller != nullptr) {
    std::erase_if(tasks, [&](const std::string& id) { return poller->watches(id); });
    for (std::string& id : poller->job_ids()) watched.insert(std::move(id));
  }
  // Copied before the load: a waiting record may be stored during the load, and be missing in both.
  std::vector<DistributionRecord> waiting = recorder_.unstored_distributions(account.name);
  auto result = co_await ports_.store.load(account.name);
  ++parts_read_;
  auto* const stored = std::get_if<Stored>(&result);
  if (stored == nullptr) co_return result;
  if (auto error = co_await load_tasks(account.name, tasks, stored->records)) {
    co_return std::move(*error);
  }
  for (DistributionRecord& newer : recorder_.unstored_distributions(account.name)) {
    waiting.push_back(std::move(newer));
  }
  for (DistributionRecord& newer : waiting) {
    std::erase_if(stored->distributions, [&](const auto& old) { return old.key == newer.key; });
    stored->distributions.push_back(std::move(newer));
  }
  std::vector<std::string> jobs = jobs_of(account, *stored, ports_.clock.now().wall);
  for (const std::string& id : jobs) {
    if (watched.contains(id)) continue;
    JobKey job{account.name, id};
    auto error = co_await load_tasks_of(std::move(job), stored->records);
    if (error) co_return std::move(*error);
  }
  for (const TaskRecord& record : stored->records) {
    if (jobs.empty() || jobs.back() != record.last.job_id) jobs.push_back(record.last.job_id);
  }
  if (auto error = co_await load_counters(account.name, std::move(jobs), taken_over)) {
    co_return std::move(*error);
  }
  co_return result;
}

// In parts, as below.
Awaitable<std::optional<StoreError>> AccountLoader::load_tasks(const std::string& account,
                                                               const std::vector<std::string>& ids,
                                                               std::vector<TaskRecord>& records) {
  for (std::size_t at = 0; at < ids.size(); at += kAskPart) {
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(at);
    const auto size = static_cast<std::ptrdiff_t>(std::min(kAskPart, ids.size() - at));
    std::vector<std::string> asked(begin, begin + size);
    auto part = co_await ports_.store.tasks(account, std::move(asked));
    if (auto* error = std::get_if<StoreError>(&part)) co_return std::move(*error);
    ++parts_read_;
    auto& rows = std::get<std::vector<TaskRecord>>(part);
    std::move(rows.begin(), rows.end(), std::back_inserter(records));
  }
  std::vector<TaskRecord> newer;
  for (const std::string& id : ids) {
    if (const TaskRecord* const one = recorder_.unstored({account, id})) newer.push_back(*one);
  }
  put_newer(std::move(newer), records);
  co_return std::nullopt;
}

// Restored immediately: later changes of these jobs are added to the values just read.
Awaitable<std::optional<StoreError>> AccountLoader::load_counters(const std::string& account,
                                                                  std::vector<std::string> jobs,
                                                                  bool again) {
  std::sort(jobs.begin(), jobs.end());
  jobs.erase(std::unique(jobs.begin(), jobs.end()), jobs.end());
  std::erase_if(jobs, [&](const std::string& id) {
    return !again && metrics_.knows_counters({account, id});
  });
  for (std::size_t at = 0; at < jobs.size(); at += kAskPart) {
    const auto begin = jobs.begin() + static_cast<std::ptrdiff_t>(at);
    const auto size = static_cast<std::ptrdiff_t>(std::min(kAskPart, jobs.size() - at));
    const std::vector<std::string> asked(begin, begin + size);
    auto part = co_await ports_.store.counters(account, asked);
    if (auto* error = std::get_if<StoreError>(&part)) co_return std::move(*error);
    ++parts_read_;
    std::vector<JobKey> keys;
    for (const std::string& id : asked) keys.push_back({account, id});
    metrics_.restore_counters(keys, std::get<std::vector<CounterValue>>(part),
                              ports_.clock.now().wall);
  }
  co_return std::nullopt;
}

// In parts, so that no other call to the state database waits long for a job of 100,000 tasks.
Awaitable<std::optional<StoreError>> AccountLoader::load_tasks_of(
    JobKey job, std::vector<TaskRecord>& records) {
  std::string after;
  for (;;) {
    auto part = co_await ports_.store.tasks_of_job(job, after, kLoadPart);
    if (auto* error = std::get_if<StoreError>(&part)) co_return std::move(*error);
    ++parts_read_;
    auto& rows = std::get<std::vector<TaskRecord>>(part);
    if (rows.empty()) break;
    after = rows.back().key.task_id;
    std::move(rows.begin(), rows.end(), std::back_inserter(records));
  }
  put_newer(recorder_.unstored_of(job), records);
  co_return std::nullopt;
}

}  // namespace taskwatchd
