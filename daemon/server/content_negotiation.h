// What a client accepts: gzip, OpenMetrics, a cached version. No I/O.
#pragma once

#include <string>

#include "io/http/http_server.h"

namespace taskwatchd {

struct ContentNegotiation {
  bool gzip = false;
  bool openmetrics = false;
  bool chinese = false;  // rather than English
  std::string known;     // If-None-Match, unchanged
};
ContentNegotiation negotiate(const WebRequest& request);

// Compresses the body if the client accepts gzip and it is large enough. Adds the Vary header.
void pack(WebResponse& response, const ContentNegotiation& negotiated);
// bytes; below it the gzip header costs more than compression saves
inline constexpr std::size_t kGzipFrom = 1024;

// Adds an ETag to a successful response; one that the client has cached becomes 304. RFC 9110
// 13.1.2.
void spare(WebResponse& response, const ContentNegotiation& negotiated);

}  // namespace taskwatchd
