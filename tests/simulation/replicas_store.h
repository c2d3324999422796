// One replica's connections to the shared database, with the decisions of PostgresStore,
// postgres::Connection and PostgresLeases: the fence of each commit, the commit whose answer was
// lost, a statement that takes longer than 3 s. On the replica's event loop.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ports.h"
#include "simulation/replicas_database.h"
#include "simulation/replicas_net.h"

namespace taskwatchd {

// What both connections need. All outlive the replica, but `node`, which is its own.
struct SimWire {
  SimNet& net;
  SimDatabase& database;
  SimNode& node;
  std::shared_ptr<SimLink> link;
  std::string holder;

  template <typename Value>
  Awaitable<std::optional<Value>> ask(std::function<Awaitable<Value>()> handler) {
    return net.ask<Value>(node, link, std::chrono::seconds(3), std::move(handler));
  }
};

class SimStore : public Store {
 public:
  template <typename Value>
  using Answer = std::variant<Value, StoreError>;

  explicit SimStore(SimWire wire) : wire_(std::move(wire)), turns_(wire_.node.clock) {}

  void fence(const std::vector<Lease>& held);

  Awaitable<Answer<Committed>> commit(Commit commit) override;
  Awaitable<Answer<Stored>> load(std::string account) override;
  Awaitable<Answer<std::vector<TaskRecord>>> tasks(std::string account,
                                                   std::vector<std::string> ids) override;
  Awaitable<Answer<std::vector<CounterValue>>> counters(std::string account,
                                                        std::vector<std::string> job_ids) override;
  Awaitable<Answer<std::vector<TaskRecord>>> tasks_of_job(JobKey job, std::string after,
                                                          std::size_t limit) override;
  Awaitable<Answer<std::vector<Event>>> events_of_task(TaskKey task, std::size_t limit) override;
  Awaitable<Answer<std::vector<Event>>> events_after(std::uint64_t id, std::size_t limit,
                                                     std::string account) override;
  Awaitable<Answer<std::uint64_t>> cursor(std::string sink) override;
  Awaitable<Answer<std::optional<SinkState>>> sink(std::string name) override;
  Awaitable<Answer<std::vector<Mute>>> mutes() override { co_return std::vector<Mute>(); }
  Awaitable<Answer<std::uint64_t>> last_event() override;
  Awaitable<Answer<std::monostate>> prune(Wall, Watched) override { co_return std::monostate(); }

 private:
  using Open = SimDatabase::Open;
  struct Doubt {
    std::uint64_t id = 0;
    std::map<std::string, Lease> leases;
    std::vector<std::uint64_t> event_ids;
  };
  template <typename Value>
  Awaitable<Answer<Value>> read(std::function<Awaitable<Answer<Value>>()> query);
  Awaitable<Answer<Committed>> write(Commit commit, postgres::Fence fence);
  Awaitable<bool> settle(Open open);
  Awaitable<void> roll_back(Open open);
  std::vector<std::string> not_passed(const postgres::Fence& fence, const Doubt& commit);
  Awaitable<std::optional<Answer<Committed>>> finish(Open open, Commit commit, Doubt doubt);

  SimWire wire_;
  SimTurns turns_;
  std::map<std::string, postgres::Fence::Lease> held_;
  std::map<std::string, postgres::Fence::Lease> counted_;
  std::optional<Doubt> doubt_;
  std::map<std::uint64_t, std::vector<std::uint64_t>> done_;
};

class SimLeases : public LeaseStore {
 public:
  template <typename Value>
  using Answer = std::variant<Value, StoreError>;

  SimLeases(SimWire wire, SimStore& store)
      : wire_(std::move(wire)), store_(store), turns_(wire_.node.clock) {}

  const std::string& holder() const override { return wire_.holder; }
  Awaitable<Answer<LeaseTable>> renew(Replica self) override;
  Awaitable<Answer<LeaseTable>> read() override;
  Awaitable<Answer<std::optional<Lease>>> claim(Lease seen) override;
  Awaitable<Answer<std::monostate>> release(Lease held) override;
  Awaitable<Answer<std::monostate>> remove(Replica replica) override;
  void fence(std::vector<Lease> held) override { store_.fence(held); }

 private:
  Awaitable<Answer<LeaseTable>> read_tables();

  SimWire wire_;
  SimStore& store_;
  SimTurns turns_;
};

}  // namespace taskwatchd
