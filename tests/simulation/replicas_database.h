// The state database that the simulated replicas share, as PostgreSQL behaves towards
// PostgresLeases and postgres::Connection: statements that wait for locked rows, transactions that
// end when their client is silent, events whose ids rise in the order of the commits. Each function
// is executed at the server, on its event loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fakes/memory_store.h"
#include "io/postgres/postgres_fence.h"
#include "ports.h"
#include "simulation/replicas_net.h"

namespace taskwatchd {

class SimDatabase {
 public:
  struct Transaction {
    std::string holder;
    std::map<std::string, Lease> passed;  // as they are once it is committed
    std::set<std::string> locks;
    Mono touched;
    bool ended = false;
  };
  using Open = std::shared_ptr<Transaction>;

  explicit SimDatabase(SimNode& node) : node_(node) {}

  // Called before a transaction's commit is visible.
  std::function<void(const Transaction&, const Commit&)> on_commit;

  // Of the store's connection. nullopt: the server has ended the transaction, or the statement took
  // too long.
  Awaitable<Open> begin(std::string holder);
  Awaitable<std::optional<Lease>> lock_lease(Open open, std::string account);
  Awaitable<std::optional<std::vector<Lease>>> pass(Open open, postgres::Fence fence);
  Awaitable<bool> write(Open open, bool has_events);
  Awaitable<std::optional<std::vector<std::uint64_t>>> commit(Open open, Commit commit);
  Awaitable<bool> roll_back(Open open);

  // Of the leases' connection.
  Awaitable<bool> announce(Replica self);
  Awaitable<bool> renew(std::string holder);
  Awaitable<std::vector<Lease>> read_leases();
  Awaitable<std::vector<Replica>> read_replicas();
  Awaitable<std::optional<Lease>> claim(std::string holder, Lease seen);
  Awaitable<bool> release(std::string holder, Lease held);
  Awaitable<bool> remove(Replica replica);

  MemoryStore& tables() { return tables_; }
  const std::map<std::string, Lease>& leases() const { return leases_; }
  std::string holder_of(const std::string& account) const;
  // When the lease got its present holder.
  Mono acquired_at(const std::string& account) const;
  std::uint64_t claims() const { return claims_; }

 private:
  Awaitable<bool> lock(Open open, std::string row);
  Awaitable<void> wait_unlocked(std::set<std::string> rows);
  Awaitable<void> watch(Open open);
  void end(Transaction& transaction);
  Mono now() { return node_.clock.now().mono; }

  SimNode& node_;
  MemoryStore tables_;
  std::map<std::string, Lease> leases_;
  std::map<std::string, Replica> replicas_;
  std::map<std::string, Mono> acquired_at_;
  std::set<std::string> locked_;
  std::uint64_t claims_ = 0;
};

}  // namespace taskwatchd
