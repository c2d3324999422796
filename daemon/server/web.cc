#include "server/web.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "config/url.h"
#include "server/web_page.h"
#include "server/web_runbooks.h"
#include "server/web_text.h"

namespace taskwatchd {
namespace {

constexpr char kNoLifecycle[] = "start taskwatchd with --web.enable-lifecycle to allow this";
constexpr char kForeignHost[] = "this Host is not allowed; add it with --web.allowed-host";
constexpr char kTextFormat[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr char kApi[] = "/api/";
constexpr char kMetricsHandler[] = "/metrics";  // the name of the handler, whatever the path is
constexpr char kHealthy[] = "/-/healthy";
constexpr char kReady[] = "/-/ready";
// seconds: a client that does not read has been disconnected by then
constexpr char kPagesAgain[] = "10";
constexpr char kOpenMetricsFormat[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";

WebResponse only(std::string methods) {
  WebResponse response = plain_text(405, "use " + methods + "\n");
  response.headers.emplace_back("Allow", std::move(methods));
  return response;
}

bool is_read(const WebRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

}  // namespace

std::string host_of(std::string_view text) {
  const auto url = parse_url(text);
  const auto authority = url ? url->authority : parse_authority(text);
  if (!authority) return {};
  const std::string host = without_final_dot(authority->host);
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

std::string route_prefix(std::string flag, const std::string& external_url) {
  std::string prefix = std::move(flag);
  if (prefix.empty()) {
    if (const auto url = parse_url(external_url)) prefix = url->path;
  }
  while (prefix.ends_with('/')) prefix.pop_back();
  if (!prefix.empty() && !prefix.starts_with('/')) prefix.insert(0, "/");
  return prefix;
}

std::vector<std::string> served_hosts(const std::vector<std::string>& allowed,
                                      const std::string& external_url) {
  std::vector<std::string> hosts;
  for (const std::string& host : allowed) hosts.push_back(host_of(host));
  hosts.push_back(host_of(external_url));
  char machine[256] = {};
  if (gethostname(machine, sizeof machine - 1) == 0) {
    hosts.push_back(host_of(machine));
    hosts.push_back(hosts.back().substr(0, hosts.back().find('.')));
  }
  std::erase(hosts, std::string());  // an invalid name must not match another invalid name
  return hosts;
}

Web::Web(WebOptions options, WebPages pages, UserOf user_of)
    : options_(std::move(options)), pages_(std::move(pages)), user_of_(std::move(user_of)) {}

WebAnswer Web::handle(const WebRequest& request) const {
  const auto path = path_of(request);
  if (path && path->starts_with(kApi)) return api(request, *path);
  if (path && *path == options_.telemetry_path && is_read(request)) {
    return metrics(negotiate(request));
  }
  return finish(route(request));
}

bool Web::waits(const WebRequest& request) const {
  const auto path = path_of(request);
  return path && path->starts_with(kApi);
}

WebResponse Web::finish(Routed routed) const {
  pages_.answered(routed.handler, routed.response.status);
  routed.response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  const auto& headers = routed.response.headers;
  const bool cached = std::any_of(headers.begin(), headers.end(),
                                  [](const auto& one) { return one.first == "Cache-Control"; });
  if (!cached) routed.response.headers.emplace_back("Cache-Control", "no-store");
  return std::move(routed.response);
}

bool Web::asks_health(const WebRequest& request) const {
  const auto path = path_of(request);
  return path && (*path == kHealthy || *path == kReady);
}

std::optional<std::string> Web::path_of(const WebRequest& request) const {
  std::string path = request.target.substr(0, request.target.find('?'));
  const std::string& prefix = options_.route_prefix;
  if (prefix.empty()) return path;
  if (!path.starts_with(prefix)) return std::nullopt;
  path.erase(0, prefix.size());
  return path.empty() ? "/" : path;
}

Web::Routed Web::route(const WebRequest& request) const {
  const auto below = path_of(request);
  if (!below) return {"other", plain_text(404, "not found\n")};
  const std::string& path = *below;
  if (path == options_.telemetry_path) return {kMetricsHandler, only("GET")};
  if (path == kHealthy) {
    return {path, is_read(request) ? plain_text(200, "taskwatchd is healthy.\n") : only("GET")};
  }
  if (path == kReady) {
    if (!is_read(request)) return {path, only("GET")};
    const bool ready = pages_.ready();
    return {path, plain_text(ready ? 200 : 503, ready ? "taskwatchd is ready.\n" : "not ready\n")};
  }
  if (path == "/-/reload") return {path, reload(request)};
  if (path == "/" || path.starts_with("/assets/")) {
    const std::string handler = path == "/" ? path : "/assets";
    if (!host_allowed(request)) return {handler, plain_text(403, std::string(kForeignHost) + "\n")};
    return {handler, is_read(request) ? status_page(request, path, options_.route_prefix,
                                                    options_.telemetry_path)
                                      : only("GET")};
  }
  if (is_runbook(path)) {
    // Allowed with any Host: the texts are public documents, and a phone may use another name for
    // the daemon.
    return {"/runbooks",
            is_read(request) ? runbook_page(request, path, options_.route_prefix) : only("GET")};
  }
  return {"other", plain_text(404, "not found\n")};
}

WebAnswer Web::api(const WebRequest& request, const std::string& path) const {
  const std::vector<ApiRoute> routes = find_routes(path);
  const std::string handler = routes.empty() ? "other" : std::string(name(routes.front()));
  const auto refuse = [&](const ApiReply& why) { return finish({handler, api_response(why)}); };
  if (!host_allowed(request)) return refuse(bad_data(403, kForeignHost));
  if (routes.empty()) return refuse({404, {}, "not_found", "no such path"});
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  const auto route = std::find_if(routes.begin(), routes.end(),
                                  [&](ApiRoute one) { return method_of(one) == method; });
  if (route == routes.end()) {
    std::string allowed;
    for (const ApiRoute one : routes) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(method_of(one));
    }
    WebResponse response = api_response(bad_data(405, "use " + allowed));
    response.headers.emplace_back("Allow", allowed);
    return finish({handler, std::move(response)});
  }
  if (changes(*route)) {
    if (const auto why = change_refusal(request)) return refuse(bad_data(403, *why));
  }
  auto question = read_question(*route, path, request);
  if (const auto* why = std::get_if<ApiReply>(&question)) return refuse(*why);
  if (user_of_) std::get<ApiQuestion>(question).user = user_of_(request);
  return answer(std::get<ApiQuestion>(std::move(question)), negotiate(request));
}

boost::asio::awaitable<WebResponse> Web::answer(ApiQuestion question,
                                                ContentNegotiation negotiated) const {
  const std::string handler(name(question.route));
  ApiReply reply = co_await pages_.api(std::move(question));
  if (!reply.make_data) co_return finish({handler, api_response(reply, negotiated)});
  auto response = co_await large_->write(std::move(reply), std::move(negotiated));
  co_return finish({handler, std::move(response)});
}

boost::asio::awaitable<WebResponse> Web::metrics(ContentNegotiation negotiated) const {
  const MetricsFormat format =
      negotiated.openmetrics ? MetricsFormat::kOpenMetrics : MetricsFormat::kText;
  std::shared_ptr<WebParts> page = co_await pages_.metrics({format, negotiated.gzip});
  if (!page) {
    WebResponse response =
        plain_text(503, "too many metrics responses are being sent to slow clients; try again\n");
    response.headers.emplace_back("Retry-After", kPagesAgain);
    co_return finish({kMetricsHandler, std::move(response)});
  }
  WebResponse response;
  response.parts = std::move(page);
  response.content_type = negotiated.openmetrics ? kOpenMetricsFormat : kTextFormat;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  response.headers.emplace_back("Vary", "Accept");
  if (negotiated.gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  co_return finish({kMetricsHandler, std::move(response)});
}

std::optional<std::string> Web::change_refusal(const WebRequest& request) const {
  if (!options_.enable_lifecycle) return kNoLifecycle;
  if (!host_allowed(request)) return kForeignHost;
  if (is_foreign(request)) return "requests from another site are not allowed";
  return std::nullopt;
}

WebResponse Web::reload(const WebRequest& request) const {
  const bool is_change = request.method == "POST" || request.method == "PUT";
  if (options_.enable_lifecycle && host_allowed(request) && !is_change) return only("POST, PUT");
  if (const auto why = change_refusal(request)) return plain_text(403, *why + "\n");
  if (auto error = pages_.reload()) return plain_text(500, *error + "\n");
  return plain_text(200, "");
}

// Programs send neither header. Older browsers send only `Origin`, and "null" for a page whose site
// is to be kept secret. Ports count: another program on the same host is another site.
bool Web::is_foreign(const WebRequest& request) const {
  const std::string* const site = request.header("sec-fetch-site");
  if (site != nullptr && *site != "same-origin" && *site != "none") return true;
  const std::string* const origin = request.header("origin");
  if (origin == nullptr) return false;
  const auto from = parse_url(*origin);
  const std::string* const host = request.header("host");
  if (!from || from->authority.has_user || host == nullptr) return true;
  const auto external = parse_url(options_.external_url);
  return !(from->is_at(*host) || (external && from->host_header() == external->host_header()));
}

bool Web::host_allowed(const WebRequest& request) const {
  const std::string* header = request.header("host");
  if (header == nullptr) return false;
  const std::string host = host_of(*header);
  if (host == "localhost") return true;
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  if (!not_an_address) return true;
  return std::find(options_.hosts.begin(), options_.hosts.end(), host) != options_.hosts.end();
}

}  // namespace taskwatchd
