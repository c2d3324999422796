// Tells systemd that we live, only while we do: the loop turns (this runs on it), the store's
// thread answers, and the HTTP server accepts a connection made to itself. The cloud's health is no
// part of it: an outage there must not restart us. Loop's thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "io/http/http_server.h"
#include "io/sqlite/sqlite_store.h"
#include "ports.h"

namespace taskwatchd {

class Watchdog {
 public:
  // `address` is one that `server` listens on; `alive` is called once an interval while all is
  // well. All must outlive the loop.
  Watchdog(boost::asio::any_io_executor executor, Clock& clock, SqliteStore& store,
           const HttpServer& server, std::string address, std::function<void()> alive);

  // Runs until the loop ends.
  Awaitable<void> run(Duration interval);

 private:
  Awaitable<void> probe_store();
  Awaitable<void> probe_server(Duration within);

  boost::asio::any_io_executor executor_;
  Clock& clock_;
  SqliteStore& store_;
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
