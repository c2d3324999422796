// One replica of the daemon in the simulation: the real main path and the real leases between
// simulated ports, tied together as in app.cc. Destroying it is kill -9.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "app/replication.h"
#include "fakes/fake_entropy.h"
#include "fakes/fake_result_files.h"
#include "pipeline/fleet.h"
#include "pipeline/outboxes.h"
#include "pipeline/recorder.h"
#include "simulation/replicas_store.h"
#include "view/metrics.h"

namespace taskwatchd {

class ReplicasWorld;

class SimReplica {
 public:
  SimReplica(ReplicasWorld& world, std::size_t number, std::string uuid, Config config, Wall born,
             std::shared_ptr<SimLink> link);
  ~SimReplica();

  // SIGTERM. exited() is true once the process would end.
  void stop();
  void apply(Config config);

  SimNode& node() { return node_; }
  std::size_t number() const { return number_; }
  const std::string& uuid() const { return uuid_; }
  bool stopping() const { return stopping_; }
  bool exited() const { return exited_; }
  const LeaseBook& book() const { return replication_.book(); }
  const Fleet& fleet() const { return fleet_; }
  bool lists(const std::string& account) const;

  // Freezes the process between the check of the lease and the write of its next call.
  std::function<void()> freeze_at_call;
  Duration slow_connections{};

 private:
  class Http;
  class Keys;
  class Ear;
  class Sink;
  class Voice;

  Awaitable<void> main();
  Awaitable<void> record();
  Awaitable<void> reload();
  Awaitable<void> shut_down();
  template <typename Condition>
  Awaitable<void> wait_until(Duration within, Condition condition);

  ReplicasWorld& world_;
  std::size_t number_;
  std::string uuid_;
  Config config_;
  SimNode node_;
  std::unique_ptr<Http> http_;
  std::unique_ptr<Keys> keys_;
  std::unique_ptr<Ear> ear_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Voice> voice_;
  FakeEntropy entropy_;
  FakeResultFiles results_{node_.clock, no_file};
  SimStore store_;
  SimLeases leases_;
  Metrics metrics_{{"1", "2", "3"}};
  Replication replication_;
  Ports ports_;
  Recorder recorder_;
  Outboxes outboxes_;
  Fleet fleet_;
  std::optional<Config> pending_;  // a configuration to apply
  bool reloading_ = false;
  bool stopping_ = false;
  bool recorded_ = false;
  bool exited_ = false;
};

}  // namespace taskwatchd
