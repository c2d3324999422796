#include "pipeline/fleet.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "ports.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kLoadPart = 5000;    // records
constexpr std::size_t kAskPart = 1000;     // ids per query to the state database
constexpr std::ptrdiff_t kShowPart = 500;  // records
// Limits of a hand-over.
constexpr Duration kCallsWithin = std::chrono::milliseconds(1500);   // calls in flight
constexpr Duration kStoredWithin = std::chrono::milliseconds(2500);  // and the last commit
constexpr Duration kLook = std::chrono::milliseconds(20);

std::vector<std::string> tasks_of(const AccountConfig& account) {
  std::vector<std::string> ids;
  for (const InstanceConfig& instance : account.instances) {
    ids.insert(ids.end(), instance.tasks.begin(), instance.tasks.end());
  }
  return ids;
}

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

std::size_t count_tasks(const Config& config) {
  std::size_t count = 0;
  for (const AccountConfig& account : config.accounts) {
    for (const InstanceConfig& instance : account.instances) count += instance.tasks.size();
  }
  return count;
}

Fleet::Fleet(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder,
             Metrics& metrics)
    : executor_(std::move(executor)),
      ports_(ports),
      recorder_(recorder),
      metrics_(metrics),
      counters_alarm_(ports.clock.make_alarm()) {
  metrics_.ask_for_counters([this] { counters_alarm_->ring(); });
}

Awaitable<std::optional<StoreError>> Fleet::apply(const Config& config) {
  std::map<std::string, Stored> loaded;
  std::map<std::string, std::uint64_t> turns;  // in which they were loaded
  const auto missing = [&](const AccountConfig& account) {
    if (!is_held(account.name)) return false;
    const auto turn = turns.find(account.name);
    return turn == turns.end() || turn->second != turn_of(account.name);
  };
  // Searched again after each load: an account may be acquired meanwhile, or be lost and acquired
  // again after another replica has changed its state.
  for (;;) {
    const auto next = std::find_if(config.accounts.begin(), config.accounts.end(), missing);
    if (next == config.accounts.end()) break;
    const auto poller = pollers_.find(next->name);
    turns[next->name] = turn_of(next->name);
    auto result = co_await load(*next, poller == pollers_.end() ? nullptr : poller->second.get());
    if (auto* error = std::get_if<StoreError>(&result)) co_return std::move(*error);
    loaded.insert_or_assign(next->name, std::get<Stored>(std::move(result)));
  }

  if (stopping_) {
    co_return StoreError{StoreError::Kind::kUnavailable, "taskwatchd is stopping"};
  }

  // No suspension from here on: the change is visible completely or not at all.
  metrics_.configure(config);
  config_ = config;
  ++applied_;
  std::vector<std::string> removed;
  for (const auto& [name, poller] : pollers_) {
    if (!loaded.contains(name)) removed.push_back(name);
  }
  for (const std::string& name : removed) {
    pollers_.at(name)->forget();
    retire(name);
  }
  for (const AccountConfig& account : config.accounts) {
    if (!is_held(account.name) || !loaded.contains(account.name)) continue;
    const Stored& stored = loaded.at(account.name);
    restore(stored);
    const auto poller = pollers_.find(account.name);
    if (poller == pollers_.end()) {
      start(account, stored);
      continue;
    }
    for (const std::string& id : poller->second->configure(account, stored)) {
      metrics_.forget({account.name, id});
    }
  }
  co_return std::nullopt;
}

// Loads the stored records and those waiting to be stored: a task that is configured again
// continues from them. `poller` already watches the others; it may be null.
Awaitable<std::variant<Stored, StoreError>> Fleet::load(const AccountConfig& account,
                                                        const Poller* poller) {
  std::vector<std::string> tasks = tasks_of(account);
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
  if (auto error = co_await load_counters(account.name, std::move(jobs))) {
    co_return std::move(*error);
  }
  co_return result;
}

// In parts, as below.
Awaitable<std::optional<StoreError>> Fleet::load_tasks(const std::string& account,
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
Awaitable<std::optional<StoreError>> Fleet::load_counters(const std::string& account,
                                                          std::vector<std::string> jobs) {
  std::sort(jobs.begin(), jobs.end());
  jobs.erase(std::unique(jobs.begin(), jobs.end()), jobs.end());
  std::erase_if(jobs, [&](const std::string& id) {
    return metrics_.knows_counters({account, id});
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

Awaitable<void> Fleet::follow_counters() {
  for (;;) {
    std::map<std::string, std::vector<std::string>> wanted;
    for (JobKey& job : metrics_.pending_counters(kAskPart)) {
      wanted[job.account].push_back(std::move(job.job_id));
    }
    if (wanted.empty()) co_await counters_alarm_->wait_until(Mono::max());
    for (auto& [account, jobs] : wanted) {
      const auto error = co_await load_counters(account, std::move(jobs));
      if (error) co_await counters_alarm_->wait_until(ports_.clock.now().mono + kStoreRetry);
    }
  }
}

// In parts, so that no other call to the state database waits long for a job of 100,000 tasks.
Awaitable<std::optional<StoreError>> Fleet::load_tasks_of(JobKey job,
                                                          std::vector<TaskRecord>& records) {
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

void Fleet::restore(const Stored& stored) {
  const Wall now = ports_.clock.now().wall;
  metrics_.restore(stored.records, now);
  std::map<std::string_view, const JobRecord*> jobs;
  for (const JobRecord& job : stored.jobs) jobs.emplace(job.key.job_id, &job);
  // In parts: a copy of all records would double the memory of a start.
  std::vector<TaskRecord> part;
  const auto end = stored.records.end();
  for (auto at = stored.records.begin(); at != end;) {
    const std::string& job_id = at->last.job_id;
    const auto begin = at;
    while (at != end && at->last.job_id == job_id && at - begin < kShowPart) ++at;
    const auto job = jobs.find(job_id);
    if (job == jobs.end()) continue;
    part.assign(begin, at);
    metrics_.restore_job_tasks(part, job->second->ended, now);
  }
}

void Fleet::acquire(const std::string& account) {
  if (!held_.try_emplace(account, turns_ + 1).second) return;
  spawn(executor_, take_over(account, ++turns_));
}

std::uint64_t Fleet::turn_of(const std::string& account) const {
  const auto turn = held_.find(account);
  return turn == held_.end() ? 0 : turn->second;
}

// What was read belongs to one turn: after a loss another replica may have changed it.
Awaitable<void> Fleet::take_over(std::string account, std::uint64_t turn) {
  const std::unique_ptr<Alarm> alarm = ports_.clock.make_alarm();
  for (;;) {
    const std::uint64_t applied = applied_;
    const auto is_it = [&](const AccountConfig& one) { return one.name == account; };
    const auto config = std::find_if(config_.accounts.begin(), config_.accounts.end(), is_it);
    if (config == config_.accounts.end()) co_return;  // apply() starts it
    const AccountConfig wanted = *config;
    auto result = co_await load(wanted, nullptr);
    if (stopping_ || turn_of(account) != turn || pollers_.contains(account)) co_return;
    if (std::holds_alternative<StoreError>(result)) {
      co_await alarm->wait_until(ports_.clock.now().mono + kStoreRetry);
      continue;
    }
    if (applied != applied_) continue;  // another configuration was applied meanwhile
    restore(std::get<Stored>(result));
    start(wanted, std::get<Stored>(result));
    co_return;
  }
}

void Fleet::lose(const std::string& account) {
  held_.erase(account);
  if (pollers_.contains(account)) retire(account);
  // Also one that is being handed over.
  for (const auto& poller : retired_) {
    if (poller->config().name == account) poller->discard();
  }
  recorder_.drop(account);
}

Awaitable<void> Fleet::hand_over(std::string account) {
  held_.erase(account);
  const auto found = pollers_.find(account);
  if (found == pollers_.end()) co_return;
  const Poller* const poller = found->second.get();
  retire(account);
  const std::unique_ptr<Alarm> alarm = ports_.clock.make_alarm();
  const auto ended = [&] {
    return std::none_of(retired_.begin(), retired_.end(),
                        [&](const auto& one) { return one.get() == poller; });
  };
  const Mono begun = ports_.clock.now().mono;
  while (!ended() && ports_.clock.now().mono < begun + kCallsWithin) {
    co_await alarm->wait_until(ports_.clock.now().mono + kLook);
  }
  if (!ended()) {
    for (const auto& one : retired_) {
      if (one.get() == poller) one->discard();
    }
  }
  recorder_.flush();
  while (recorder_.has_unstored(account) && ports_.clock.now().mono < begun + kStoredWithin) {
    co_await alarm->wait_until(ports_.clock.now().mono + kLook);
  }
  recorder_.drop(account);
}

Watched Fleet::watched() const {
  Watched all;
  for (const auto& [name, poller] : pollers_) {
    for (std::string& id : tasks_of(poller->config())) all.tasks.push_back({name, std::move(id)});
    for (std::string& id : poller->job_ids()) all.jobs.push_back({name, std::move(id)});
    for (const std::string& id : poller->config().distributions.ids) {
      all.distributions.push_back({name, id});
    }
  }
  return all;
}

std::vector<DistributionRecord> Fleet::distributions() const {
  std::vector<DistributionRecord> all;
  for (const auto& [name, poller] : pollers_) {
    auto of_account = poller->distributions();
    std::move(of_account.begin(), of_account.end(), std::back_inserter(all));
  }
  return all;
}

void Fleet::start(const AccountConfig& account, const Stored& stored) {
  auto poller = std::make_unique<Poller>(executor_, ports_, recorder_, account, stored);
  spawn(executor_, poller->run());
  pollers_.emplace(account.name, std::move(poller));
}

void Fleet::retire(const std::string& account) {
  auto node = pollers_.extract(account);
  Poller* const poller = node.mapped().get();
  retired_.push_back(std::move(node.mapped()));
  poller->stop([this, poller] {
    std::erase_if(retired_, [&](const auto& one) { return one.get() == poller; });
  });
}

void Fleet::stop() {
  stopping_ = true;
  std::vector<std::string> names;
  for (const auto& [name, poller] : pollers_) names.push_back(name);
  for (const std::string& name : names) retire(name);
}

std::vector<Explanation> Fleet::explain(const std::string& task_id,
                                        const std::string& account) const {
  std::vector<Explanation> all;
  for (const auto& [name, poller] : pollers_) {
    if (!account.empty() && name != account) continue;
    if (auto one = poller->explain(task_id)) all.push_back(*std::move(one));
  }
  return all;
}

TaskListing Fleet::tasks(TaskFilter filter, TaskKey after, std::size_t limit) const {
  TaskSelection selection(std::move(filter), std::move(after), limit);
  for (const auto& [name, poller] : pollers_) selection.add(name, poller->tasks());
  return selection.take();
}

std::optional<double> Fleet::clock_offset() const {
  std::optional<double> nearest;
  for (const auto& [name, poller] : pollers_) {
    const std::optional<double> offset = poller->clock_offset();
    if (offset && (!nearest || std::abs(*offset) < std::abs(*nearest))) nearest = offset;
  }
  return nearest;
}

std::vector<AccountStatus> Fleet::status() const {
  std::vector<AccountStatus> all;
  for (const auto& [name, poller] : pollers_) all.push_back(poller->status());
  return all;
}

}  // namespace taskwatchd
