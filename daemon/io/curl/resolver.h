// Resolves host names to addresses, for curl_client alone (only curl_*.cc may include this header).
// Why not libcurl's resolver: it starts a getaddrinfo thread per transfer, and waits for these
// threads. Here each host has at most one lookup in progress, in a detached thread that nobody
// waits for. Threads: all calls on the executor's thread; lookups share one locked object with it.
// Failure: an empty list with a reason. A known address stays usable while lookups fail.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/types/time.h"

namespace taskwatchd {

struct Addresses {
  std::vector<std::string> list;  // numeric, best first
  std::string error;              // human-readable reason if the list is empty
};

// May block for any time; called in separate threads.
using Lookup = std::function<Addresses(const std::string& host)>;
// Calls getaddrinfo; returns at most 16 addresses.
Addresses system_lookup(const std::string& host);

struct ResolverOptions {
  Lookup lookup = system_lookup;
  Duration keep =
      std::chrono::seconds(60);  // an older address is used once more while it is refreshed
  Duration keep_failure = std::chrono::seconds(1);
  Duration wait = std::chrono::seconds(3);  // maximum, for the first address of a host
  std::size_t lookups = 16;                 // maximum number of concurrent threads
  std::size_t hosts = 256;                  // maximum number of hosts remembered
};

class Resolver {
 public:
  Resolver(boost::asio::any_io_executor executor, ResolverOptions options);
  ~Resolver();  // same as close()
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Returns at once if an address is known, otherwise within `wait`.
  boost::asio::awaitable<Addresses> resolve(std::string host);
  // Fails all waiting calls. Does not block: results of lookups in progress are discarded. Must be
  // called before the executor's context is destroyed.
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace taskwatchd
