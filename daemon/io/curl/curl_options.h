// Limits of an exchange and its connections. The defaults are the daemon's; tests shorten them.
#pragma once

#include <cstddef>

#include "core/types/time.h"
#include "io/curl/resolver.h"

namespace taskwatchd {

struct CurlOptions {
  Duration timeout = std::chrono::seconds(10);         // for all of send()
  Duration connect_timeout = std::chrono::seconds(3);  // TCP, proxy and TLS together
  long low_speed_bytes = 100;                          // bytes/s, averaged over low_speed_time
  std::chrono::seconds low_speed_time{5};
  std::size_t body_bytes = 1024 * 1024;  // a QueryTask response has less than 10 kB
  // All header lines of a response, interim responses included
  std::size_t header_bytes = 64 * 1024;
  // Maximum in flight to one host and port; one more waits until one of them has ended, which is
  // not part of `timeout`. Each may have a connection, because libcurl's own waiting for one would
  // use up connect_timeout.
  std::size_t transfers_per_host = 1024;
  long idle_connections = 1024;  // about 80 kB each with TLS; they are closed when idle for longer
  std::chrono::seconds connection_idle{60};        // a connection idle for longer is not reused
  std::chrono::seconds connection_lifetime{3600};  // certificates are verified at least this often
  std::chrono::seconds ca_lifetime{300};           // after this time CA files are read again
  ResolverOptions resolver;
};

}  // namespace taskwatchd
