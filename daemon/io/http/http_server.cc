#include "io/http/http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <string_view>
#include <unordered_map>

#include "io/http/http_address.h"
#include "io/http/http_endpoint.h"
#include "io/http/http_session.h"

namespace taskwatchd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};
// Limit of the kernel's send buffer. By default it grows to several megabytes per client that does
// not read, and counts as the service's memory. Half of the buffer must drain before the kernel
// accepts more: one piece of http_session.
constexpr int kUnsentBytes = 128 * 1024;

// Closes an idle connection of the client that has the most connections, so that no single client
// can block others; the first one in the order of `idle`. Returns false if no connection is idle.
bool make_room(HttpShared& shared) {
  if (shared.idle.empty()) return false;
  std::unordered_map<std::string_view, std::size_t> held;
  for (const HttpConnection* const one : shared.connections) ++held[one->client()];
  const auto chosen =
      std::max_element(shared.idle.begin(), shared.idle.end(), [&](const auto& a, const auto& b) {
        return held[a.second->client()] < held[b.second->client()];
      });
  HttpConnection* const connection = chosen->second;
  shared.idle.erase(chosen);
  connection->close();
  return true;
}

void welcome(const std::shared_ptr<HttpShared>& shared, tcp::socket socket) {
  ++shared->accepted;
  // Otherwise a client that opens connections without requests would block all others.
  if (shared->connections.size() >= shared->most_connections() && !make_room(*shared))
    return;  // closes the socket
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytes,
               sizeof kUnsentBytes);
  start_session(shared, std::move(socket));
}

// Runs until the server stops; no error ends it.
asio::awaitable<void> accept_all(std::shared_ptr<HttpShared> shared,
                                 std::shared_ptr<tcp::acceptor> acceptor) {
  asio::steady_timer pause(shared->executor);
  while (!shared->stopped) {
    error_code failed;
    tcp::socket socket =
        co_await acceptor->async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (shared->stopped) break;
    bool good = !failed;
    if (good) {
      try {
        welcome(shared, std::move(socket));
      } catch (const std::exception&) {
        good = false;  // no memory for the connection
      }
    }
    if (good) continue;
    ++shared->accept_errors;
    if (failed == asio::error::no_descriptors && make_room(*shared)) continue;
    pause.expires_after(kAcceptPause);
    error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

HttpServer::Listening start(const std::shared_ptr<HttpShared>& shared,
                            std::shared_ptr<tcp::acceptor> acceptor) {
  shared->acceptors.push_back(acceptor);
  std::string bound = to_text(acceptor->local_endpoint());
  asio::co_spawn(shared->executor, accept_all(shared, std::move(acceptor)), asio::detached);
  return {std::move(bound), {}};
}

// Returns the protocol of a listening TCP socket; nullopt for any other descriptor.
std::optional<tcp> protocol_of(int socket) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) {
    return std::nullopt;
  }
  sockaddr_storage name{};
  size = sizeof name;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&name), &size) != 0) return std::nullopt;
  if (name.ss_family == AF_INET) return tcp::v4();
  if (name.ss_family == AF_INET6) return tcp::v6();
  return std::nullopt;
}

}  // namespace

WebResponse plain_text(int status, std::string body) {
  WebResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

bool Place::is_free(Places& taken, std::size_t limit, Steady::duration time) {
  if (taken.size() < limit) return true;
  const auto slowest = std::min_element(
      taken.begin(), taken.end(),
      [](const Place* a, const Place* b) { return a->written_since_ < b->written_since_; });
  if (slowest == taken.end() || Steady::now() - time < (*slowest)->written_since_) return false;
  HttpConnection* const connection = (*slowest)->connection_;
  taken.erase(slowest);
  connection->close();
  return true;
}

const std::string* WebRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

HttpServer::HttpServer(asio::any_io_executor executor, Handler handler, WebLimits limits)
    : shared_(std::make_shared<HttpShared>(std::move(executor), std::move(handler),
                                           std::move(limits))) {}

HttpServer::~HttpServer() {
  stop();
}

HttpServer::Listening HttpServer::listen(const std::string& address) {
  const auto where = parse_host_port(address);
  if (!where) {
    return {address, make_error_code(boost::system::errc::invalid_argument)};
  }
  error_code failed;
  const auto endpoint = find_endpoint(*where, shared_->executor, failed);
  if (!endpoint) return {address, failed};
  auto acceptor = std::make_shared<tcp::acceptor>(shared_->executor);
  failed = open(*acceptor, *endpoint);
  if (where->host.empty() && failed == boost::system::errc::address_family_not_supported) {
    // The host has no IPv6.
    acceptor = std::make_shared<tcp::acceptor>(shared_->executor);
    failed = open(*acceptor, tcp::endpoint(tcp::v4(), endpoint->port()));
  }
  if (failed) return {address, failed};
  return start(shared_, std::move(acceptor));
}

HttpServer::Listening HttpServer::adopt(int socket) {
  const auto protocol = protocol_of(socket);
  if (!protocol) return {{}, make_error_code(boost::system::errc::not_a_socket)};
  auto acceptor = std::make_shared<tcp::acceptor>(shared_->executor);
  error_code failed;
  acceptor->assign(*protocol, socket, failed);
  if (failed) return {{}, failed};
  return start(shared_, std::move(acceptor));
}

void HttpServer::set_door(WebDoor door) {
  shared_->door = std::make_shared<WebDoor>(std::move(door));
}

void HttpServer::stop() {
  shared_->stopped = true;
  for (const auto& acceptor : std::exchange(shared_->acceptors, {})) {
    error_code ignored;
    acceptor->close(ignored);
  }
  for (HttpConnection* connection : shared_->connections) connection->close();
}

std::uint64_t HttpServer::accepted() const {
  return shared_->accepted;
}
std::uint64_t HttpServer::accept_errors() const {
  return shared_->accept_errors;
}

}  // namespace taskwatchd
