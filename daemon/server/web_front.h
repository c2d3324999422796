// The HTTP side of the daemon: the content, the server, its listening addresses, and the protection
// by the web configuration. Event-loop thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/run_options.h"
#include "io/http/http_server.h"
#include "ports.h"
#include "server/web.h"
#include "server/web_guard.h"
#include "server/web_settings.h"

namespace taskwatchd {

class WebFront {
 public:
  WebFront(const boost::asio::any_io_executor& executor, Clock& clock, Log& log, Entropy& entropy,
           const RunOptions& options, const WebPages& pages);

  // Reads the web configuration; call it before anything else is opened. Returns kExitOk, or the
  // exit code after writing the errors to stderr.
  int read();
  // Opens the listening sockets and warns if others can read the traffic. Returns like read().
  int listen();
  // Applies changes of the web configuration until the event loop ends.
  Awaitable<void> follow() { return settings_.follow(); }
  // Applies the web configuration now. Returns its errors, or nullopt.
  std::optional<std::string> reload() { return settings_.request(); }
  bool settings_valid() const { return settings_.good(); }

  const HttpServer& server() const { return server_; }
  // The bound addresses, with the port that the kernel chose; at least one after listen().
  const std::vector<std::string>& listening() const { return listening_; }

 private:
  int listen_by_itself();
  int take_sockets();
  void take(const WebSetting& setting);
  void warn_of_openness();

  Clock& clock_;
  Log& log_;
  RunOptions options_;
  Web web_;
  WebGuard guard_;
  HttpServer server_;
  WebSettings settings_;
  std::vector<std::string> listening_;
};

}  // namespace taskwatchd
