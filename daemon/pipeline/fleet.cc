#include "pipeline/fleet.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "pipeline/wait_until.h"
#include "ports.h"

namespace taskwatchd {
namespace {

constexpr std::ptrdiff_t kShowPart = 500;  // records
constexpr Duration kSurveyPart = std::chrono::milliseconds(1);
// Limits of a hand-over.
constexpr Duration kCallsWithin = std::chrono::milliseconds(1300);  // calls in flight
constexpr Duration kStoredWithin = std::chrono::milliseconds(800);  // then the last commit

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
      loader_(ports, recorder, metrics),
      counters_alarm_(ports.clock.make_alarm()) {
  metrics_.ask_for_counters([this] { counters_alarm_->ring(); });
}

Awaitable<std::optional<StoreError>> Fleet::apply(const Config& config) {
  std::map<std::string, Stored> loaded;
  std::map<std::string, std::uint64_t> turns;  // in which they were loaded
  // Nothing has to be read for it: a reload with many accounts would take a query for each.
  const auto is_unchanged = [&](const AccountConfig& account) {
    const auto poller = pollers_.find(account.name);
    return poller != pollers_.end() && poller->second->config() == account;
  };
  const auto missing = [&](const AccountConfig& account) {
    if (!is_held(account.name) || is_unchanged(account)) return false;
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
    auto result =
        co_await loader_.load(*next, poller == pollers_.end() ? nullptr : poller->second.get(),
                              shared_ && poller == pollers_.end());
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
  std::erase_if(former_, [&](const auto& one) {
    return std::none_of(config.accounts.begin(), config.accounts.end(),
                        [&](const AccountConfig& account) { return account.name == one.first; });
  });
  std::set<std::string> unchanged;
  for (const AccountConfig& account : config.accounts) {
    if (is_unchanged(account)) unchanged.insert(account.name);
  }
  std::vector<std::string> removed;
  for (const auto& [name, poller] : pollers_) {
    if (!loaded.contains(name) && !unchanged.contains(name)) removed.push_back(name);
  }
  for (const std::string& name : removed) {
    pollers_.at(name)->forget();
    retire(name);
  }
  for (const AccountConfig& account : config.accounts) {
    if (!is_held(account.name) || unchanged.contains(account.name)) continue;
    if (!loaded.contains(account.name)) continue;
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

Awaitable<void> Fleet::follow_counters() {
  for (;;) {
    std::map<std::string, std::vector<std::string>> wanted;
    for (JobKey& job : metrics_.pending_counters(AccountLoader::kAskPart)) {
      wanted[job.account].push_back(std::move(job.job_id));
    }
    if (wanted.empty()) co_await counters_alarm_->wait_until(Mono::max());
    for (auto& [account, jobs] : wanted) {
      const auto error = co_await loader_.load_counters(account, std::move(jobs), false);
      if (error) co_await counters_alarm_->wait_until(ports_.clock.now().mono + kStoreRetry);
    }
  }
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
    auto result = co_await loader_.load(wanted, nullptr, true);
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
  const auto found = pollers_.find(account);
  if (found != pollers_.end()) {
    former_[account] = found->second->status();
    retire(account);
  }
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
  former_[account] = poller->status();
  retire(account);
  const auto ended = [&] {
    return std::none_of(retired_.begin(), retired_.end(),
                        [&](const auto& one) { return one.get() == poller; });
  };
  co_await wait_until(ports_.clock, kCallsWithin, ended);
  if (!ended()) {
    for (const auto& one : retired_) {
      if (one.get() == poller) one->discard();
    }
  }
  recorder_.flush();
  const auto stored = [&] { return !recorder_.has_unstored(account); };
  co_await wait_until(ports_.clock, kStoredWithin, stored);
  recorder_.drop(account);
}

std::vector<std::string> Fleet::former() const {
  std::vector<std::string> names;
  for (const auto& [name, status] : former_) names.push_back(name);
  return names;
}

void Fleet::forget_former(const std::string& account) {
  if (former_.erase(account) == 0) return;
  // As if a reload had removed the account and the next one had added it.
  Config without = config_;
  std::erase_if(without.accounts, [&](const AccountConfig& one) { return one.name == account; });
  metrics_.configure(without);
  metrics_.configure(config_);
}

Watched Fleet::watched() const {
  Watched all;
  for (const auto& [name, poller] : pollers_) {
    for (std::string& id : explicit_tasks_of(poller->config()))
      all.tasks.push_back({name, std::move(id)});
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
  former_.erase(account.name);
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

bool Fleet::select(TaskSelection& selection) const {
  TaskTable::Slot room = TaskSelection::kRows;
  for (auto poller = pollers_.lower_bound(selection.account()); poller != pollers_.end();
       ++poller) {
    if (!selection.add(poller->first, poller->second->tasks(), room)) return false;
  }
  return true;
}

std::optional<double> Fleet::clock_offset() const {
  std::optional<double> nearest;
  for (const auto& [name, poller] : pollers_) {
    const std::optional<double> offset = poller->clock_offset();
    if (offset && (!nearest || std::abs(*offset) < std::abs(*nearest))) nearest = offset;
  }
  return nearest;
}

bool Fleet::survey(Surveys& all) const {
  const Mono end = ports_.clock.now().mono + kSurveyPart;
  const auto from = all.empty() ? pollers_.begin() : pollers_.upper_bound(all.rbegin()->first);
  for (auto poller = from; poller != pollers_.end(); ++poller) {
    if (poller != from && ports_.clock.now().mono >= end) return false;
    all.emplace(poller->first, poller->second->survey());
  }
  return true;
}

std::vector<AccountStatus> Fleet::status(const Surveys& surveyed) const {
  std::vector<AccountStatus> all;
  for (const auto& [name, poller] : pollers_) {
    const auto survey = surveyed.find(name);
    all.push_back(poller->status(survey == surveyed.end() ? nullptr : survey->second));
  }
  for (const auto& [name, status] : former_) all.push_back(status);
  std::sort(all.begin(), all.end(),
            [](const AccountStatus& a, const AccountStatus& b) { return a.name < b.name; });
  return all;
}

}  // namespace taskwatchd
