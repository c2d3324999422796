// What the HTTP server answers: routes, the Host check, gzip. Plain values in and out; the app says
// what each page holds. Loop's thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/http/http_server.h"
#include "server/api_question.h"
#include "server/metrics_pages.h"
#include "server/web_wishes.h"

namespace taskwatchd {

struct WebOptions {
  std::string telemetry_path = "/metrics";
  std::string route_prefix;  // "" or "/prefix"
  bool enable_lifecycle = false;
  // Names that `/`, `/api` and `/-/reload` may be asked by, in lower case; IP literals and
  // localhost always may. Guards against DNS rebinding: a page of another site cannot name us so.
  std::vector<std::string> hosts;
  std::string external_url;  // the page's own, where a proxy serves it by another name
};

struct WebPages {
  // Nothing: too many bytes of pages are on their way.
  std::function<std::optional<MetricsPages::Page>(const WebWishes&)> metrics;
  std::function<bool()> ready;
  // Takes over the configuration file; what was wrong with it, or nothing.
  std::function<std::optional<std::string>()> reload;
  std::function<boost::asio::awaitable<ApiReply>(ApiQuestion)> api = {};
  // A request was answered; `handler` is one of a few fixed names.
  std::function<void(const std::string& handler, int code)> answered;
};

class Web {
 public:
  Web(WebOptions options, WebPages pages);
  // For the server. A waiting answer must not outlive this, save to be destroyed.
  WebAnswer handle(const WebRequest& request) const;
  // Whether the answer may have to wait for the store.
  bool waits(const WebRequest& request) const;
  // Whether it is asked if the daemon lives: always answered.
  bool asks_health(const WebRequest& request) const;

 private:
  struct Routed {
    std::string handler;
    WebResponse response;
  };
  // The path below the route prefix; nothing if the request's is not below it.
  std::optional<std::string> path_of(const WebRequest& request) const;
  WebResponse finish(Routed routed) const;
  Routed route(const WebRequest& request) const;
  WebAnswer api(const WebRequest& request, const std::string& path) const;
  boost::asio::awaitable<WebResponse> answer(ApiQuestion question, WebWishes wishes) const;
  WebResponse metrics(const WebRequest& request) const;
  WebResponse reload(const WebRequest& request) const;
  bool host_allowed(const WebRequest& request) const;
  // Whether a browser says that the page of another site made it ask.
  bool is_foreign(const WebRequest& request) const;

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
