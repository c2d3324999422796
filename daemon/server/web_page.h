// The status page at `/`, and its script and style sheet below /assets/. It uses the API like any
// other client; no watched data is written into its HTML, so a device message cannot become markup.
// No I/O.
#pragma once

#include <string>
#include <string_view>

#include "io/http/http_server.h"

namespace taskwatchd {

// The response to a GET of `path`, which is relative to the route prefix.
WebResponse status_page(const WebRequest& request, std::string_view path,
                        const std::string& route_prefix, const std::string& telemetry_path);

}  // namespace taskwatchd
