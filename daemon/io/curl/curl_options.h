// What bounds an exchange and its connections. The defaults are the daemon's; tests shorten them.
#pragma once

#include <cstddef>

#include "core/types/time.h"
#include "io/curl/resolver.h"

namespace taskwatchd {

struct CurlOptions {
  Duration timeout = std::chrono::seconds(10);         // the whole of send()
  Duration connect_timeout = std::chrono::seconds(3);  // TCP, proxy and TLS together
  long low_speed_bytes = 100;                          // a second, on average over
  std::chrono::seconds low_speed_time{5};
  std::size_t body_bytes = 1024 * 1024;  // a QueryTask reply has less than 10 kB
  std::size_t header_bytes = 64 * 1024;  // all header lines of a reply, interim replies included
  std::size_t transfers = 1024;          // in flight; one more fails at once
  long connections = 256;                // a transfer without a connection waits for one
  long connections_per_host = 64;
  long idle_connections = 64;
  std::chrono::seconds connection_idle{60};        // not used again after that
  std::chrono::seconds connection_lifetime{3600};  // certificates are checked this often at least
  std::chrono::seconds ca_lifetime{300};           // then CA files are read anew
  ResolverOptions resolver;
};

}  // namespace taskwatchd
