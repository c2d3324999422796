// The HTTP server's responses: routes, the Host check, gzip. Plain values in and out; the
// application provides the content. Event-loop thread only.
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
#include "server/content_negotiation.h"
#include "server/large_answers.h"
#include "server/metrics_output.h"

namespace taskwatchd {

struct WebOptions {
  std::string telemetry_path = "/metrics";
  std::string route_prefix;  // "" or "/prefix"
  bool enable_lifecycle = false;
  // Host names accepted for `/`, `/api` and `/-/reload`, in lower case; IP literals and localhost
  // are always accepted. Guards against DNS rebinding: a page of another site cannot use these
  // names.
  std::vector<std::string> hosts;
  std::string external_url;  // the URL of the status page, if a proxy serves it under another name
};

struct WebPages {
  // Null if too many bytes of metrics are being sent.
  std::function<boost::asio::awaitable<std::shared_ptr<WebParts>>(OutputForm)> metrics;
  std::function<bool()> ready;
  // Applies the configuration file; returns its errors, or nullopt.
  std::function<std::optional<std::string>()> reload;
  std::function<boost::asio::awaitable<ApiReply>(ApiQuestion)> api = {};
  // Called after each response; `handler` is one of a few fixed names.
  std::function<void(const std::string& handler, int code)> answered;
};

class Web {
 public:
  // Returns the authenticated user of an admitted request; empty without authentication.
  using UserOf = std::function<std::string(const WebRequest&)>;

  Web(WebOptions options, WebPages pages, UserOf user_of = {});
  // For the server. A pending response must not be used after this object is destroyed, except to
  // destroy it.
  WebAnswer handle(const WebRequest& request) const;
  // True if the response may have to wait for the state database.
  bool waits(const WebRequest& request) const;
  // True for a health check, which is always answered.
  bool asks_health(const WebRequest& request) const;

 private:
  struct Routed {
    std::string handler;
    WebResponse response;
  };
  // The path below the route prefix; nullopt if the request's path is not below it.
  std::optional<std::string> path_of(const WebRequest& request) const;
  WebResponse finish(Routed routed) const;
  Routed route(const WebRequest& request) const;
  WebAnswer api(const WebRequest& request, const std::string& path) const;
  boost::asio::awaitable<WebResponse> answer(ApiQuestion question,
                                             ContentNegotiation negotiated) const;
  boost::asio::awaitable<WebResponse> metrics(ContentNegotiation negotiated) const;
  WebResponse reload(const WebRequest& request) const;
  // Why a request must not change anything; nullopt if it may.
  std::optional<std::string> change_refusal(const WebRequest& request) const;
  bool host_allowed(const WebRequest& request) const;
  // True if a browser reports that the page of another site caused the request.
  bool is_foreign(const WebRequest& request) const;

  WebOptions options_;
  WebPages pages_;
  UserOf user_of_;
  std::unique_ptr<LargeAnswers> large_ = std::make_unique<LargeAnswers>();
};

// "/prefix" without a final slash: the flag's, otherwise the external URL's path.
std::string route_prefix(std::string flag, const std::string& external_url);
// Accepted host names: the allowed ones, the external URL's, and the host's own.
std::vector<std::string> served_hosts(const std::vector<std::string>& allowed,
                                      const std::string& external_url);
// The host of a URL or of a Host header, without port and brackets, in lower case.
std::string host_of(std::string_view text);

}  // namespace taskwatchd
