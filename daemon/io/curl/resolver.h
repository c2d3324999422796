// Host names to addresses, for curl_client alone (curl_*.cc may include this header, nobody else).
// Why not libcurl's own: it starts a getaddrinfo thread for each transfer, and waits for them. Here
// each host has at most one lookup under way, in a detached thread that nobody ever waits for.
// Threads: all calls on the executor's thread; lookups share one locked object with it.
// Failure: an empty list with a reason. A known address outlives failing lookups.
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
  std::string error;              // for people, when the list is empty
};

// Blocks as long as it likes; called in threads of their own.
using Lookup = std::function<Addresses(const std::string& host)>;
// getaddrinfo, at most 16 addresses.
Addresses system_lookup(const std::string& host);

struct ResolverOptions {
  Lookup lookup = system_lookup;
  Duration keep =
      std::chrono::seconds(60);  // an older address is used once more while it is renewed
  Duration keep_failure = std::chrono::seconds(1);
  Duration wait = std::chrono::seconds(3);  // for the first address of a host
  std::size_t lookups = 16;                 // threads at one time
  std::size_t hosts = 256;                  // remembered
};

class Resolver {
 public:
  Resolver(boost::asio::any_io_executor executor, ResolverOptions options);
  ~Resolver();  // as close()
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Returns at once if an address is known, else within `wait`.
  boost::asio::awaitable<Addresses> resolve(std::string host);
  // Lets all who wait go with a failure. Takes no time: lookups under way end unheard.
  // Must be called before the executor's context ends.
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace taskwatchd
