#include "io/curl/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <map>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include "io/off_loop.h"

namespace taskwatchd {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kAddressesPerHost = 16;

}  // namespace

Addresses system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failed != 0) {
    return {{},
            failed == EAI_SYSTEM ? std::generic_category().message(errno) : gai_strerror(failed)};
  }
  Addresses result;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) !=
        0) {
      continue;
    }
    std::string address = text;
    // libcurl accepts no address with a zone.
    if (address.find('%') == std::string::npos) result.list.push_back(std::move(address));
    if (result.list.size() == kAddressesPerHost) break;
  }
  freeaddrinfo(found);
  if (result.list.empty()) result.error = "the name has no usable address";
  return result;
}

struct Resolver::State : std::enable_shared_from_this<State> {
  struct Host {
    std::vector<std::string> good;
    SteadyClock::time_point good_at;
    std::string error;
    std::optional<SteadyClock::time_point> failed_at;  // of the last lookup, if it failed
    bool looking = false;
    std::vector<std::shared_ptr<boost::asio::steady_timer>> waiting;
  };

  State(boost::asio::any_io_executor for_loop, ResolverOptions with)
      : executor(std::move(for_loop)),
        options(std::move(with)),
        mailbox(std::make_shared<Mailbox>(executor)) {}

  Host& host(const std::string& name) {
    if (hosts.size() >= options.hosts && !hosts.contains(name)) {
      std::erase_if(hosts, [](const auto& item) { return !item.second.looking; });
    }
    return hosts[name];
  }

  void look(const std::string& name, Host& host) {
    if (host.looking) return;
    if (host.failed_at && SteadyClock::now() - *host.failed_at < options.keep_failure) return;
    if (looking >= options.lookups) return fail(host, "too many concurrent name lookups");
    try {
      auto work = [state = weak_from_this(), mailbox = mailbox, lookup = options.lookup,
                   name = name]() mutable {
        Addresses found;
        try {
          found = lookup(name);
        } catch (const std::bad_alloc&) {
          found = {{}, "out of memory"};  // short enough to need no allocation
        } catch (const std::exception& e) {
          found = {{}, e.what()};
        }
        mailbox->post([state, name = std::move(name), found = std::move(found)] {
          if (const auto alive = state.lock()) alive->found(name, found);
        });
      };
      start_thread(std::move(work)).detach();
      host.looking = true;
      ++looking;
    } catch (const std::system_error& e) {
      fail(host, std::string("cannot start a thread for the name lookup: ") + e.what());
    }
  }

  static void fail(Host& host, std::string error) {
    host.error = std::move(error);
    host.failed_at = SteadyClock::now();
  }

  void found(const std::string& name, Addresses addresses) {
    --looking;
    Host& host = hosts[name];
    host.looking = false;
    if (addresses.list.empty()) {
      fail(host, std::move(addresses.error));
    } else {
      host.good = std::move(addresses.list);
      host.good_at = SteadyClock::now();
      host.failed_at.reset();
    }
    for (const auto& waiter : std::exchange(host.waiting, {})) waiter->cancel();
  }

  void close() {
    mailbox->shut();
    closed = true;
    for (auto& [name, host] : hosts) {
      for (const auto& waiter : std::exchange(host.waiting, {})) waiter->cancel();
    }
  }

  boost::asio::any_io_executor executor;
  ResolverOptions options;
  std::shared_ptr<Mailbox> mailbox;  // the threads share it
  std::map<std::string, Host> hosts;
  std::size_t looking = 0;
  bool closed = false;
};

Resolver::Resolver(boost::asio::any_io_executor executor, ResolverOptions options)
    : state_(std::make_shared<State>(std::move(executor), std::move(options))) {}
Resolver::~Resolver() {
  close();
}
void Resolver::close() {
  state_->close();
}

boost::asio::awaitable<Addresses> Resolver::resolve(std::string name) {
  const auto state = state_;
  if (state->closed) co_return Addresses{{}, "closed"};
  {
    State::Host& host = state->host(name);
    const bool known = !host.good.empty();
    if (!known || SteadyClock::now() - host.good_at >= state->options.keep) {
      state->look(name, host);
    }
    // Never wait for a newer address while a known one exists: an outdated address costs one failed
    // connection, and TLS detects a wrong peer.
    if (known) co_return Addresses{host.good, {}};
    if (!host.looking) co_return Addresses{{}, host.error};
  }
  const auto waiter =
      std::make_shared<boost::asio::steady_timer>(state->executor, state->options.wait);
  state->host(name).waiting.push_back(waiter);
  boost::system::error_code cancelled;
  co_await waiter->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  if (state->closed) co_return Addresses{{}, "closed"};
  State::Host& host = state->host(name);
  std::erase(host.waiting, waiter);
  if (!host.good.empty()) co_return Addresses{host.good, {}};
  if (host.looking) co_return Addresses{{}, "the name server did not respond in time"};
  co_return Addresses{{}, host.error};
}

}  // namespace taskwatchd
