// Sends systemd's watchdog ping only while the daemon works: the event loop runs (this class runs
// on it), the store's thread responds, and the HTTP server accepts a connection from this process.
// The platform's health is not checked: a platform outage must not restart the daemon. Event-loop
// thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "io/http/http_server.h"
#include "io/threaded_store.h"
#include "ports.h"

namespace taskwatchd {

class Watchdog {
 public:
  // `address` is one that `server` listens on. `alive` is called once per interval while all checks
  // pass. All references must outlive the event loop.
  Watchdog(boost::asio::any_io_executor executor, Clock& clock, DatabaseStore& store,
           const HttpServer& server, std::string address, std::function<void()> alive);

  // Runs until the event loop stops. `interval` is the time between two pings.
  Awaitable<void> run(Duration interval);

 private:
  Awaitable<void> probe_store();
  Awaitable<void> probe_server(Duration within);

  boost::asio::any_io_executor executor_;
  Clock& clock_;
  DatabaseStore& store_;
  const HttpServer& server_;
  std::string address_;
  std::function<void()> alive_;
  std::unique_ptr<Alarm> alarm_;
  bool probing_store_ = false;
  bool probing_server_ = false;
  bool store_answered_ = true;
  bool server_answered_ = true;
};

}  // namespace taskwatchd
