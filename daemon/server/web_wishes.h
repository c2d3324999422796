// What a client says of the answers that it can use: gzip, OpenMetrics, what it holds already.
// Pure.
#pragma once

#include <string>

#include "io/http/http_server.h"

namespace taskwatchd {

struct WebWishes {
  bool gzip = false;
  bool openmetrics = false;
  bool chinese = false;  // rather than English
  std::string known;     // If-None-Match, as it stands
};
WebWishes wishes_of(const WebRequest& request);

// Packs the body if that is wished and worth it. Says that it could have been otherwise.
void pack(WebResponse& response, const WebWishes& wishes);
// Gives a good answer an ETag; one that the client holds already becomes 304. RFC 9110 13.1.2.
void spare(WebResponse& response, const WebWishes& wishes);

}  // namespace taskwatchd
