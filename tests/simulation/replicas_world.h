// Several replicas of the daemon on one virtual time: their main paths and leases, the platform, a
// shared database, and the faults between them. Checks after every step what must be true at any
// instant (replicas_check.h) and adds each violation to `violations`. One thread; the seed
// determines everything.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "config/config.h"
#include "simulation/replicas_check.h"
#include "simulation/replicas_database.h"
#include "simulation/replicas_net.h"
#include "simulator/model_cloud.h"

namespace taskwatchd {

class SimReplica;

struct ReplicasOptions {
  std::uint64_t seed = 1;
  std::size_t replicas = 3;
  std::size_t accounts = 5;
  std::uint32_t tasks = 4;  // of each account
  // Every second account watches its job, the others tasks by id.
  bool jobs = false;
};

class ReplicasWorld {
 public:
  explicit ReplicasWorld(ReplicasOptions options);
  ~ReplicasWorld();

  void run(Duration span);

  // Faults of one replica, by its number; those with a duration end by themselves.
  void start(std::size_t number);
  void kill(std::size_t number, Duration down);
  void stop(std::size_t number, Duration down);
  void freeze(std::size_t number, Duration span);
  // Freezes it when it next sends a call, between the check of the lease and the write.
  void freeze_at_next_call(std::size_t number, Duration span);
  void cut(std::size_t number, Duration span);
  void slow_down(std::size_t number, Duration longest, Duration span);
  void slow_connections(std::size_t number, Duration longest, Duration span);
  void jump_clock(std::size_t number, std::chrono::milliseconds by);
  // Applies a configuration without the account, or with it again.
  void reload(std::size_t number, const std::string& without);
  // Faults of the database, for all.
  void outage(bool refused, Duration span);
  // Ends all faults and starts every replica.
  void calm_down();

  iotsim::ModelCloud& cloud() { return *cloud_; }
  void rerun(std::size_t account);
  std::mt19937_64& random() { return random_; }
  const ReplicasOptions& options() const { return options_; }
  ReplicasCheck& check() { return *check_; }
  SimDatabase& database() { return database_; }

  // With SIMULATION_TRACE, prints faults and what the replicas log.
  void trace(const std::string& what);

  // Used by the replicas and the checks.
  SimNet& net() { return net_; }
  SimNode& server() { return server_; }
  Mono now() { return server_.clock.now().mono; }
  std::int64_t wall_ms() { return server_.clock.now().wall.time_since_epoch().count(); }
  iotsim::World& content() { return content_; }
  const Config& config() const { return config_; }
  SimReplica* replica(std::size_t number) { return slots_[number].replica.get(); }
  std::size_t size() const { return slots_.size(); }
  // Since when nothing disturbs this replica; Mono::max() while something does.
  Mono calm_since(std::size_t number);
  Mono disturbed_until(std::size_t number) const { return slots_[number].disturbed_until; }
  // Until when any of them is.
  Mono any_disturbed_until() const {
    Mono latest = Mono::min();
    for (const Slot& slot : slots_) latest = std::max(latest, slot.disturbed_until);
    return latest;
  }
  // When a replica was killed last; Mono::min() if never.
  Mono last_kill() const { return last_kill_; }
  bool is_connected(std::size_t number);
  Mono platform_calm_since() const { return platform_calm_since_; }
  void disturb_platform() { platform_calm_since_ = now(); }

 private:
  struct Slot {
    std::unique_ptr<SimReplica> replica;  // null: down
    std::shared_ptr<SimLink> link = std::make_shared<SimLink>();
    Mono disturbed_until;
    std::chrono::milliseconds ahead{};  // of its wall clock
    std::uint64_t starts = 0;
  };
  void at(Duration after, std::function<void()> action);
  void disturb(std::size_t number, Duration span);
  void settle(Mono when);
  void add_account(std::size_t number);

  ReplicasOptions options_;
  std::mt19937_64 random_;
  iotsim::World content_;
  std::unique_ptr<iotsim::ModelCloud> cloud_;
  SimNode server_;
  SimNet net_;
  SimDatabase database_;
  Config config_;
  std::unique_ptr<ReplicasCheck> check_;
  std::vector<Slot> slots_;
  Mono last_kill_ = Mono::min();
  std::multimap<Mono, std::function<void()>> plan_;
  Mono platform_calm_since_;
};

}  // namespace taskwatchd
