// The daemon's side towards HTTP: the pages, the server, where it listens, and what the web
// configuration puts before them. Loop's thread.
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

  // Reads the web configuration, for before anything else is opened. kExitOk, or the exit code:
  // what is wrong is on stderr then.
  int read();
  // Listens, and warns of who may listen in. Likewise.
  int listen();
  // Takes over web configurations until the loop ends.
  Awaitable<void> follow() { return settings_.follow(); }
  // Takes over the web configuration now: what is wrong with it, or nothing.
  std::optional<std::string> reload() { return settings_.request(); }
  bool settings_good() const { return settings_.good(); }

  const HttpServer& server() const { return server_; }
  // As bound, with the port that the kernel picked; at least one after listen().
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
