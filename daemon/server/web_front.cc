#include "server/web_front.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstdio>
#include <thread>
#include <utility>

#include "core/types/exit_code.h"
#include "io/system/complain.h"
#include "io/system/systemd.h"

namespace taskwatchd {
namespace {

constexpr int kListenTries = 3;
constexpr std::chrono::seconds kListenPause{1};

WebOptions pages_of(const RunOptions& options) {
  return {.telemetry_path = options.telemetry_path,
          .route_prefix = route_prefix(options.route_prefix, options.external_url),
          .enable_lifecycle = options.enable_lifecycle,
          .hosts = served_hosts(options.allowed_hosts, options.external_url),
          .external_url = options.external_url};
}

WebLimits limits_of(const RunOptions& options, const Web& web) {
  WebLimits limits;
  limits.requests = options.max_requests > 0 ? options.max_requests : limits.connections;
  limits.waits = [&web](const WebRequest& request) { return web.waits(request); };
  limits.always = [&web](const WebRequest& request) { return web.asks_health(request); };
  return limits;
}

bool is_loopback(const std::string& bound) {
  std::string host = bound.substr(0, bound.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  boost::system::error_code bad;
  return boost::asio::ip::make_address(host, bad).is_loopback() && !bad;
}

}  // namespace

WebFront::WebFront(const boost::asio::any_io_executor& executor, Clock& clock, Log& log,
                   Entropy& entropy, const RunOptions& options, const WebPages& pages)
    : clock_(clock),
      log_(log),
      options_(options),
      web_(pages_of(options), pages,
           [this](const WebRequest& request) { return guard_.user_of(request); }),
      guard_(executor, clock, entropy,
             [count_response = pages.answered](int code) { count_response("login", code); }),
      server_(
          executor, [this](const WebRequest& request) { return web_.handle(request); },
          limits_of(options, web_)),
      settings_(executor, clock, log, options.web_config_file,
                [this](const WebSetting& setting) { take(setting); }) {}

int WebFront::read() {
  const std::vector<ConfigError> errors = settings_.load_first();
  for (const ConfigError& error : errors) std::fprintf(stderr, "%s\n", to_string(error).c_str());
  return errors.empty() ? kExitOk : kExitConfig;
}

int WebFront::listen() {
  const int code = options_.systemd_socket ? take_sockets() : listen_by_itself();
  if (code == kExitOk) warn_of_openness();
  return code;
}

int WebFront::listen_by_itself() {
  for (const std::string& address : options_.listen_addresses) {
    for (int tries = 1;; ++tries) {
      const HttpServer::Listening bound = server_.listen(address);
      if (!bound.error) {
        listening_.push_back(bound.address);
        break;
      }
      if (bound.error == boost::system::errc::invalid_argument) {
        complain("--web.listen-address=" + address + " is not HOST:PORT, [IPv6]:PORT or :PORT");
        return kExitConfig;
      }
      if (tries == kListenTries) {
        complain("cannot listen on " + address + ": " + bound.error.message() +
                 ". Stop the program that uses it, or set another --web.listen-address.");
        return kExitUnavailable;
      }
      std::this_thread::sleep_for(kListenPause);
    }
  }
  return kExitOk;
}

int WebFront::take_sockets() {
  const std::vector<int> sockets = systemd::passed_sockets();
  if (sockets.empty()) {
    complain(
        "--web.systemd-socket: systemd passed no socket. Start taskwatchd with its socket unit "
        "(systemctl start taskwatchd.socket), or remove the flag.");
    return kExitConfig;
  }
  for (const int socket : sockets) {
    const HttpServer::Listening bound = server_.adopt(socket);
    if (bound.error) {
      complain("--web.systemd-socket: socket " + std::to_string(socket) +
               " that systemd passed is not a listening TCP socket. Set "
               "ListenStream=127.0.0.1:10120 and Accept=no in the socket unit.");
      return kExitConfig;
    }
    listening_.push_back(bound.address);
  }
  return kExitOk;
}

void WebFront::take(const WebSetting& setting) {
  guard_.take(setting.config);
  WebDoor door;
  door.tls = setting.tls;
  if (guard_.stands()) {
    door.gate = [this](const WebRequest& request) { return guard_.admit(request); };
  }
  door.headers = setting.config.headers;
  server_.set_door(std::move(door));
}

void WebFront::warn_of_openness() {
  const WebConfig& config = settings_.config();
  const bool known = !config.users.empty() || verifies_clients(config);
  if (config.tls && known) return;
  const std::string lack = config.tls ? "without authentication"
                           : known    ? "without TLS: passwords can be read in transit"
                                      : "without TLS and authentication";
  for (const std::string& address : listening_) {
    if (is_loopback(address)) continue;
    log_.write_event(clock_.now().wall, Level::kWarn, "",
                     "accepts connections from other hosts at " + address + " " + lack +
                         "; set --web.config.file, or listen on a loopback address");
  }
}

}  // namespace taskwatchd
