#include "app/watchdog.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <vector>

#include "ports.h"

namespace taskwatchd {
namespace {

using boost::asio::ip::tcp;

constexpr Duration kPollEvery = std::chrono::milliseconds(50);

// Returns the endpoints to connect to for a listen address such as "127.0.0.1:10120" or
// "[::1]:10120". A wildcard address is reached through loopback; the IPv6 wildcard through both
// families, because IPv6 may be disabled. Returns none for a host name.
std::vector<tcp::endpoint> endpoints_of(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {};
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  unsigned short port = 0;
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  boost::system::error_code bad;
  const auto ip = boost::asio::ip::make_address(host, bad);
  if (bad) return {};
  if (!ip.is_unspecified()) return {{ip, port}};
  const tcp::endpoint v4(boost::asio::ip::address_v4::loopback(), port);
  if (ip.is_v4()) return {v4};
  return {{boost::asio::ip::address_v6::loopback(), port}, v4};
}

}  // namespace

Watchdog::Watchdog(boost::asio::any_io_executor executor, Clock& clock, DatabaseStore& store,
                   const HttpServer& server, std::string address, std::function<void()> alive)
    : executor_(std::move(executor)),
      clock_(clock),
      store_(store),
      server_(server),
      address_(std::move(address)),
      alive_(std::move(alive)),
      alarm_(clock.make_alarm()) {}

Awaitable<void> Watchdog::run(Duration interval) {
  for (;;) {
    // Probes start in one interval and are evaluated in the next: a slow one delays the ping by one
    // interval.
    if (store_answered_ && server_answered_) alive_();
    if (!probing_store_) {
      store_answered_ = false;
      spawn(executor_, probe_store());
    }
    if (!probing_server_) {
      server_answered_ = false;
      spawn(executor_, probe_server(interval));
    }
    co_await alarm_->wait_until(clock_.now().mono + interval);
  }
}

Awaitable<void> Watchdog::probe_store() {
  probing_store_ = true;
  store_answered_ = co_await store_.ping();
  probing_store_ = false;
}

// A connection alone proves nothing, because the kernel completes it: the accept loop must have
// accepted it.
Awaitable<void> Watchdog::probe_server(Duration within) {
  probing_server_ = true;
  const Mono deadline = clock_.now().mono + within;
  const std::unique_ptr<Alarm> alarm = clock_.make_alarm();
  const std::uint64_t before = server_.accepted();
  const std::vector<tcp::endpoint> endpoints = endpoints_of(address_);
  server_answered_ = endpoints.empty();
  for (const tcp::endpoint& endpoint : endpoints) {
    tcp::socket socket(executor_);
    boost::system::error_code error;
    co_await socket.async_connect(endpoint,
                                  boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (error) continue;
    while (server_.accepted() == before && clock_.now().mono < deadline) {
      co_await alarm->wait_until(clock_.now().mono + kPollEvery);
    }
    server_answered_ = server_.accepted() > before;
    break;
  }
  probing_server_ = false;
}

}  // namespace taskwatchd
