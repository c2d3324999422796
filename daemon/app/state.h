// The state of the daemon: a SQLite file of this process alone, or a PostgreSQL database that it
// shares with other replicas. Event-loop thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <variant>

#include "config/config.h"
#include "io/open_error.h"
#include "io/postgres/postgres_leases.h"
#include "io/threaded_store.h"
#include "ports.h"

namespace taskwatchd {

// The exit code for a state that cannot be opened.
int exit_code(OpenError::Kind kind);

class State {
 public:
  // Opens the state of the configuration. Blocks; call it before the event loop runs. A database
  // server that does not answer is tried again for 30 s.
  static std::variant<std::unique_ptr<State>, OpenError> open(
      const boost::asio::any_io_executor& executor, const Config& config, Entropy& entropy);

  DatabaseStore& store() { return *store_; }
  // Null without replicas.
  LeaseStore* leases() { return leases_.get(); }
  // Where raw result files are stored, and whether they are kept.
  const std::string& results_folder() const { return results_folder_; }
  bool keeps_results() const { return keeps_results_; }
  // See DatabaseThread::stop.
  void close(std::chrono::milliseconds bound);

 private:
  State() = default;

  std::unique_ptr<DatabaseStore> store_;
  std::unique_ptr<PostgresLeases> leases_;
  std::string results_folder_;
  bool keeps_results_ = true;
};

// This replica as the configuration describes it; its name is the host name unless it is set.
Replica replica_of(const Config& config);
// The accounts and sinks (sink_lease).
std::vector<std::string> lease_names(const Config& config);
// Of each of them, in the same order: equal where two replicas configure it in the same way.
std::vector<std::string> config_hashes(const Config& config);

}  // namespace taskwatchd
