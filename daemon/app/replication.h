// Ties the leases of this replica to what it does: an account is polled, and its events are logged,
// while its lease is held; a sink of notifications runs while its own is held. Event-loop thread
// only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "config/config.h"
#include "core/types/status.h"
#include "pipeline/fleet.h"
#include "pipeline/lease_keeper.h"
#include "pipeline/notifiers.h"
#include "pipeline/outboxes.h"
#include "pipeline/recorder.h"
#include "ports.h"

namespace taskwatchd {

class Replication {
 public:
  Replication(boost::asio::any_io_executor executor, Clock& clock, Log& log, LeaseStore& store,
              const Config& config);

  Leases& leases() { return keeper_; }
  const LeaseBook& book() const { return keeper_.book(); }
  ReplicationStatus status() const;

  // Before anything is applied. All must outlive this object.
  void attach(Fleet& fleet, Outboxes& outboxes, Recorder& recorder);
  // The same, for the sinks of notifications.
  void attach(Notifiers& sinks);
  // Begins to claim leases. `others` is called when other replicas may have committed events.
  void start(std::function<void()> others);
  void configure(const Config& config);
  // Hands over everything that is held.
  void stop() { keeper_.stop(); }
  bool stopped() const { return keeper_.stopped(); }

 private:
  void acquire(const std::string& lease);
  void lose(const std::string& lease);
  Awaitable<void> hand_over(std::string lease);
  Awaitable<void> follow_others(std::function<void()> others);

  boost::asio::any_io_executor executor_;
  Clock& clock_;
  LeaseKeeper keeper_;
  // Ends the export of accounts that another replica has held for a minute.
  void forget_former();

  std::map<std::string, Mono> elsewhere_;  // since when another replica was seen to hold it
  Fleet* fleet_ = nullptr;
  Outboxes* outboxes_ = nullptr;
  Notifiers* sinks_ = nullptr;
};

// Nullopt without replicas, when the pointer is null.
std::optional<ReplicationStatus> status_of(const Replication* replication);

}  // namespace taskwatchd
