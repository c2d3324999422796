// The status page at `/`, and its script and style below /assets/. It asks the API as any program
// does; nothing of what is watched is written into its HTML, so no device's word can become markup.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "io/http/http_server.h"

namespace taskwatchd {

// The answer to a GET of `path`, which is below the route prefix.
WebResponse status_page(const WebRequest& request, std::string_view path,
                        const std::string& route_prefix, const std::string& telemetry_path);

}  // namespace taskwatchd
