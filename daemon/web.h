// What the HTTP server answers: routes, the Host check, gzip. Plain values in and out; the app says
// what each page holds. Loop's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/http_server.h"

namespace taskwatchd {

struct WebOptions {
  std::string telemetry_path = "/metrics";
  std::string route_prefix;  // "" or "/prefix"
  bool enable_lifecycle = false;
  // Names that `/`, `/api` and `/-/reload` may be asked by, in lower case; IP literals and
  // localhost always may. Guards against DNS rebinding: a page of another site cannot name us so.
  std::vector<std::string> hosts;
};

struct WebPages {
  std::function<std::string()> metrics;
  std::function<bool()> ready;
  // Takes over the configuration file; what was wrong with it, or nothing.
  std::function<std::optional<std::string>()> reload;
  // A request was answered; `handler` is one of a few fixed names.
  std::function<void(const std::string& handler, int code)> answered;
};

class Web {
 public:
  Web(WebOptions options, WebPages pages);
  WebResponse answer(const WebRequest& request) const;

 private:
  struct Routed {
    std::string handler;
    WebResponse response;
  };
  Routed route(const WebRequest& request) const;
  WebResponse metrics(const WebRequest& request) const;
  WebResponse reload(const WebRequest& request) const;
  WebResponse landing() const;
  bool host_allowed(const WebRequest& request) const;

  WebOptions options_;
  WebPages pages_;
};

// "/prefix" without a slash at its end: the flag's, else the external URL's path.
std::string route_prefix(std::string flag, const std::string& external_url);
// The names to serve by: those allowed, the external URL's, and this machine's own.
std::vector<std::string> served_hosts(const std::vector<std::string>& allowed,
                                      const std::string& external_url);
// The host of an URL or of a Host header, without port and brackets, in lower case.
std::string host_of(std::string_view text);

}  // namespace taskwatchd
