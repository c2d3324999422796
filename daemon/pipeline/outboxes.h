// Delivers stored events to one sink: all of them by one outbox, or, with replicas, those of each
// account by an outbox of its own at the replica that holds its lease. Event-loop thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "pipeline/outbox.h"
#include "pipeline/recorder.h"
#include "ports.h"

namespace taskwatchd {

class Outboxes {
 public:
  Outboxes(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder, EventSink& sink);

  // Begins to deliver the events of `account`; of all accounts if it is empty.
  void start(const std::string& account);
  // Ends it: what is not delivered yet is delivered by the next replica.
  void stop(const std::string& account);
  void stop_all();

  // Events up to `last_id` are stored.
  void wake(std::uint64_t last_id);
  // Number of stored events that the sink has not accepted yet.
  std::uint64_t pending() const;
  const std::string& sink_name() const { return sink_.name(); }

 private:
  static Awaitable<void> run(std::shared_ptr<Outbox> outbox);

  boost::asio::any_io_executor executor_;
  Ports ports_;
  Recorder& recorder_;
  EventSink& sink_;
  std::map<std::string, std::shared_ptr<Outbox>> outboxes_;  // by account
};

}  // namespace taskwatchd
