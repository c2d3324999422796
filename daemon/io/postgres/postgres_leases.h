// The table of leases, on a connection and thread of its own: a renewal never waits for a commit or
// a prune. See LeaseStore in ports.h.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "io/database_thread.h"
#include "io/open_error.h"
#include "io/postgres/postgres_session.h"
#include "io/postgres/postgres_store.h"
#include "ports.h"

namespace taskwatchd {

class PostgresLeases : public LeaseStore {
 public:
  // `store` must outlive this object. Connects at the first call.
  PostgresLeases(boost::asio::any_io_executor executor, const postgres::Target& target,
                 std::string holder, PostgresStore& store);
  ~PostgresLeases() override;

  const std::string& holder() const override { return holder_; }
  Awaitable<std::variant<LeaseTable, StoreError>> renew(Replica self) override;
  Awaitable<std::variant<LeaseTable, StoreError>> read() override;
  Awaitable<std::variant<std::optional<Lease>, StoreError>> claim(Lease seen) override;
  Awaitable<std::variant<std::monostate, StoreError>> release(Lease held) override;
  Awaitable<std::variant<std::monostate, StoreError>> remove(Replica replica) override;
  void fence(std::vector<Lease> held) override { store_.fence(held); }

  // See DatabaseThread::stop.
  bool close(std::chrono::milliseconds bound) { return thread_.stop(bound); }

 private:
  class Exchange;
  template <typename Value, typename Action>
  Awaitable<std::variant<Value, StoreError>> call(Action action);

  std::string holder_;
  PostgresStore& store_;
  DatabaseThread<Exchange> thread_;
};

}  // namespace taskwatchd
