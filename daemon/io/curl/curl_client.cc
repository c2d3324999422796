#include "io/curl/curl_client.h"

#include <signal.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <stdexcept>
#include <utility>

#include "io/curl/curl_loop.h"
#include "io/curl/curl_transfer.h"
#include "io/curl/resolver.h"
#include "io/curl/transfer_slots.h"

namespace taskwatchd {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Kind = TransportFailure::Kind;

void start_libcurl() {
  static const CURLcode failed = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (failed != CURLE_OK) {
    throw std::runtime_error(std::string("libcurl cannot start: ") + curl_easy_strerror(failed));
  }
  // With NOSIGNAL libcurl does not handle SIGPIPE, and OpenSSL writes to closed sockets.
  signal(SIGPIPE, SIG_IGN);
}

// A transfer in the event loop, removed when the coroutine that waits for it is destroyed.
class Running {
 public:
  Running(CurlLoop& loop, CurlTransfer& transfer) : loop_(loop), transfer_(transfer) {
    loop_.add(transfer_);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { loop_.remove(transfer_); }

 private:
  CurlLoop& loop_;
  CurlTransfer& transfer_;
};

}  // namespace

struct CurlClient::Impl {
  Impl(boost::asio::any_io_executor for_loop, CurlOptions with)
      : executor(std::move(for_loop)),
        options(std::move(with)),
        resolver(executor, options.resolver) {}

  // Each host has its own limit, so that one that does not answer cannot use up that of others.
  std::shared_ptr<TransferSlots> slots_for(const std::string& where) {
    std::shared_ptr<TransferSlots> found = slots[where].lock();
    if (!found) {
      std::erase_if(slots, [](const auto& entry) { return entry.second.expired(); });
      found = std::make_shared<TransferSlots>(executor, options.transfers_per_host);
      slots[where] = found;
    }
    return found;
  }

  // Returns the connection pool for a proxy. Without the fix of CVE-2026-3784 (libcurl 8.19.0,
  // Debian 12: 7.88.1-10+deb12u15) libcurl distinguishes proxies by their address only: calls of
  // one user would use another user's tunnel, and a new password would not be used before the
  // tunnel of the old one closes.
  std::shared_ptr<CurlLoop> loop_for(const std::string& proxy) {
    const auto now = SteadyClock::now();
    // After this time none of its connections and CA files would be used again.
    const auto kept = std::max(options.connection_idle, options.ca_lifetime);
    std::erase_if(loops, [&](const auto& entry) {
      return entry.second.loop.use_count() == 1 && now - entry.second.used_at > kept;
    });
    Connections& connections = loops[proxy];
    if (!connections.loop) connections.loop = std::make_shared<CurlLoop>(executor, options);
    connections.used_at = now;
    return connections.loop;
  }

  struct Connections {
    std::shared_ptr<CurlLoop> loop;
    SteadyClock::time_point used_at;
  };
  boost::asio::any_io_executor executor;
  CurlOptions options;
  Resolver resolver;
  std::map<std::string, Connections> loops;  // by configured proxy, with user and password
  std::map<std::string, std::weak_ptr<TransferSlots>> slots;  // by host and port
};

CurlClient::CurlClient(boost::asio::any_io_executor executor, CurlOptions options) {
  start_libcurl();
  impl_ = std::make_shared<Impl>(std::move(executor), std::move(options));
}

CurlClient::~CurlClient() {
  for (const auto& [where, slots] : impl_->slots) {
    if (const auto used = slots.lock()) used->close();
  }
  impl_->resolver.close();
  for (const auto& [proxy, connections] : impl_->loops) connections.loop->close();
}

Awaitable<HttpResult> CurlClient::send(HttpRequest request, Departed departed) {
  return exchange(impl_, std::move(request), std::move(departed));
}

Awaitable<HttpResult> CurlClient::exchange(std::shared_ptr<Impl> impl, HttpRequest request,
                                           Departed departed) {
  const std::optional<Duration> time = request.timeout;
  auto checked = plan(std::move(request));
  if (auto* refused = std::get_if<TransportFailure>(&checked)) co_return std::move(*refused);
  CurlPlan plan = std::get<CurlPlan>(std::move(checked));
  const CurlTarget connect_to = plan.connect_to();
  const std::string where = plan.target.where();
  const std::shared_ptr<TransferSlots> slots = impl->slots_for(where);
  const TransferSlots::Slot slot = co_await slots->take();
  if (!slot)
    co_return TransportFailure{Kind::kUnreachable,
                               where + ": the client is closed, or the call was cancelled"};
  const auto started = SteadyClock::now();
  const std::shared_ptr<CurlLoop> loop = impl->loop_for(plan.request.proxy);

  std::vector<std::string> addresses;
  if (connect_to.host == "localhost") {
    addresses = {"127.0.0.1", "::1"};
  } else if (!connect_to.literal) {
    Addresses found = co_await impl->resolver.resolve(connect_to.host);
    if (found.list.empty()) {
      co_return TransportFailure{
          Kind::kUnreachable, where + ": cannot resolve " + connect_to.host + ": " + found.error};
    }
    addresses = std::move(found.list);
  }

  const Duration limit = std::min(impl->options.timeout, time.value_or(impl->options.timeout));
  CurlTransfer transfer(impl->executor, std::move(plan), std::move(departed));
  const auto spent = std::chrono::duration_cast<Duration>(SteadyClock::now() - started);
  if (!transfer.prepare(impl->options, addresses, limit - spent)) {
    co_return TransportFailure{Kind::kProtocol, where + ": libcurl rejects the request"};
  }
  const Running running(*loop, transfer);
  if (!transfer.result()) {
    boost::system::error_code cancelled;
    co_await transfer.ended().async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  }
  if (!transfer.result()) {
    co_return TransportFailure{Kind::kUnreachable, where + ": the call was cancelled"};
  }
  co_return std::move(*transfer.result());
}

}  // namespace taskwatchd
