// All sinks of the configuration. With replicas, each runs at the replica that holds its lease
// (sink_lease in core/types/lease.h) and delivers the events of all accounts. Event-loop thread
// only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "pipeline/notifier.h"
#include "pipeline/notify_context.h"
#include "pipeline/recorder.h"
#include "pipeline/sink_test.h"
#include "ports.h"

namespace taskwatchd {

class Notifiers {
 public:
  // All references must outlive this object.
  Notifiers(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder,
            LocalSecrets& files, NotifyContext context);

  // Applies the sinks of a configuration: one that is listed unchanged goes on undisturbed; one
  // that is changed or listed again goes on from its cursor.
  void configure(const std::vector<SinkConfig>& sinks);
  // From now on only sinks whose lease is held run. Call it before configure().
  void share() { shared_ = true; }
  void acquire(const std::string& sink);
  // Another replica may run it: its requests end.
  void lose(const std::string& sink);
  // Ends it and returns once nothing of it is in flight and its cursor is stored; after at most
  // 2 s, because a receiver may answer late.
  Awaitable<void> hand_over(std::string sink);

  void wake(std::uint64_t last_id);
  // An event that is not stored, for the chats.
  void report(const Event& event);
  void stop();

  // Null if no sink has this name.
  const SinkConfig* find(const std::string& sink) const;
  // False: another replica runs it, or none does.
  bool runs_here(const std::string& sink) const;
  // REQUIRES: find(sink).
  Awaitable<std::vector<SinkTestMessage>> test(std::string sink, bool mention);
  // Sends events again, those since `since`. Returns what is wrong, or nullopt.
  // REQUIRES: runs_here(sink).
  Awaitable<std::optional<std::string>> replay(std::string sink, Wall since);
  const std::vector<SinkConfig>& configured() const { return configured_; }

  // Of those that run here, by name.
  std::vector<SinkStatus> status() const;

 private:
  struct Entry {
    SinkConfig config;
    std::shared_ptr<Notifier> notifier;  // null: it does not run here
  };
  static Awaitable<void> run(Clock& clock, std::weak_ptr<Notifier> before,
                             std::shared_ptr<Notifier> notifier);
  void start(Entry& entry);
  void end(Entry& entry);

  boost::asio::any_io_executor executor_;
  Ports ports_;
  Recorder& recorder_;
  LocalSecrets& files_;
  NotifyContext context_;
  std::vector<SinkConfig> configured_;
  std::map<std::string, Entry> entries_;  // by name
  // By name, also of sinks that are not listed any more: they may still have requests in flight.
  std::map<std::string, std::weak_ptr<Notifier>> before_;
  std::set<std::string> held_;  // leases, with replicas
  bool shared_ = false;
};

}  // namespace taskwatchd
