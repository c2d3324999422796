// The store in one SQLite file: WAL, synchronous=FULL, one transaction per commit. It does not
// group commits: the caller puts what arrives meanwhile into its next commit. Not for network file
// systems. Failure is a value; after kBroken every call fails, and the daemon should restart.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "io/open_error.h"
#include "io/sqlite/sqlite_connection.h"
#include "io/threaded_store.h"

namespace taskwatchd {

struct SqliteLimits {
  std::size_t waiting_calls = 1024;
  std::chrono::milliseconds busy{5000};  // maximum wait for another program's lock on the file
  std::int64_t max_bytes = 0;            // size limit of the file; 0: none
};

// See ports.h for the contracts. In addition: calls beyond `waiting_calls` get kUnavailable; a call
// in progress is never cancelled. A cursor never moves back. An empty commit does not touch the
// disk. A sink is known to prune() once its cursor was committed, even at 0; while no sink is
// known, no event is deleted. The parts of a prune take about 5 ms each.
class SqliteStore : public ThreadedStore<sqlite::Connection> {
 public:
  // Creates the file (mode 0600) if none exists; its folder must exist. Locks it against a second
  // daemon (FILE.lock), checks it (all of it up to 512 MiB) and proves that it can be written.
  // Blocks; call it before the event loop runs. Completions run on `executor`, which must outlive
  // the store.
  static std::variant<std::unique_ptr<SqliteStore>, OpenError> open(
      boost::asio::any_io_executor executor, const std::string& path, SqliteLimits limits = {});

  Awaitable<std::variant<Committed, StoreError>> commit(Commit commit) override;

 private:
  using ThreadedStore::ThreadedStore;
};

}  // namespace taskwatchd
