// The store in a PostgreSQL database that several replicas share: one transaction per commit, which
// the leases of its accounts fence. DatabaseError is a value, and always kUnavailable or kFenced:
// the server may come back.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/types/lease.h"
#include "io/open_error.h"
#include "io/postgres/postgres_connection.h"
#include "io/threaded_store.h"

namespace taskwatchd {

// See ports.h for the contracts. In addition: a commit whose answer was lost is recognised by its
// Commit::id when it is repeated. prune() deletes only rows of accounts whose lease is held.
class PostgresStore : public ThreadedStore<postgres::Connection> {
 public:
  // Connects, checks the server and the schema, and creates the tables if they are missing. Blocks;
  // call it before the event loop runs. `holder` is the UUID of this process. Completions run on
  // `executor`, which must outlive the store.
  static std::variant<std::unique_ptr<PostgresStore>, OpenError> open(
      boost::asio::any_io_executor executor, postgres::Target target, std::string holder);

  Awaitable<std::variant<Committed, StoreError>> commit(Commit commit) override;
  // See LeaseStore::fence.
  void fence(const std::vector<Lease>& held);

 private:
  using ThreadedStore::ThreadedStore;

  std::map<std::string, postgres::Fence::Lease> held_;  // by account
};

}  // namespace taskwatchd
