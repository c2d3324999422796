#include "fleet.h"

#include <algorithm>
#include <unordered_set>

#include "spawn.h"

namespace taskwatchd {
namespace {

std::vector<std::string> tasks_of(const AccountConfig& account) {
  std::vector<std::string> ids;
  for (const InstanceConfig& instance : account.instances) {
    ids.insert(ids.end(), instance.tasks.begin(), instance.tasks.end());
  }
  return ids;
}

}  // namespace

std::vector<TaskKey> watched_tasks(const Config& config) {
  std::vector<TaskKey> keys;
  for (const AccountConfig& account : config.accounts) {
    for (std::string& id : tasks_of(account)) keys.push_back({account.name, std::move(id)});
  }
  return keys;
}

std::vector<JobKey> watched_jobs(const Config& config) {
  std::vector<JobKey> keys;
  for (const AccountConfig& account : config.accounts) {
    for (const InstanceConfig& instance : account.instances) {
      for (const std::string& id : instance.jobs) keys.push_back({account.name, id});
    }
  }
  return keys;
}

Fleet::Fleet(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder,
             Metrics& metrics)
    : executor_(std::move(executor)), ports_(ports), recorder_(recorder), metrics_(metrics) {}

Awaitable<std::optional<StoreError>> Fleet::take_over(const Config& config) {
  std::map<std::string, Stored> loaded;
  for (const AccountConfig& account : config.accounts) {
    const auto poller = pollers_.find(account.name);
    std::vector<std::string> fresh = tasks_of(account);
    if (poller != pollers_.end()) {
      std::erase_if(fresh, [&](const std::string& id) { return poller->second->watches(id); });
    }
    auto result = co_await load(account.name, std::move(fresh));
    if (auto* error = std::get_if<StoreError>(&result)) co_return std::move(*error);
    loaded.emplace(account.name, std::get<Stored>(std::move(result)));
  }

  if (stopping_) {
    co_return StoreError{StoreError::Kind::kUnavailable, "taskwatchd stops"};
  }

  // From here on nothing waits: the change is seen whole or not at all.
  metrics_.configure(config);
  std::vector<std::string> removed;
  for (const auto& [name, poller] : pollers_) {
    if (!loaded.contains(name)) removed.push_back(name);
  }
  for (const std::string& name : removed) {
    pollers_.at(name)->forget();
    retire(name);
  }
  for (const AccountConfig& account : config.accounts) {
    const Stored& stored = loaded.at(account.name);
    metrics_.restore(stored.records, stored.counters, ports_.clock.now().wall);
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

// What the store knows, and what waits to be stored: a task that is listed again goes on from that.
Awaitable<std::variant<Stored, StoreError>> Fleet::load(std::string account,
                                                        std::vector<std::string> tasks) {
  auto result = co_await ports_.store.load(account, tasks);
  if (auto* stored = std::get_if<Stored>(&result)) {
    for (const std::string& id : tasks) {
      const TaskKey key{account, id};
      const TaskRecord* const newer = recorder_.unstored(key);
      if (newer == nullptr) continue;
      std::erase_if(stored->records, [&](const TaskRecord& old) { return old.key == key; });
      stored->records.push_back(*newer);
    }
  }
  co_return result;
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

std::vector<AccountStatus> Fleet::status() const {
  std::vector<AccountStatus> all;
  for (const auto& [name, poller] : pollers_) all.push_back(poller->status());
  return all;
}

}  // namespace taskwatchd
