// The runbooks that the alerts link to, at /runbooks/ and /runbooks/NAME: complete HTML pages in
// English and Chinese. They are part of the program, so they are available wherever the daemon can
// be reached. No I/O.
#pragma once

#include <string>
#include <string_view>

#include "io/http/http_server.h"

namespace taskwatchd {

bool is_runbook(std::string_view path);
// The response to a GET of `path`, which is relative to the route prefix.
WebResponse runbook_page(const WebRequest& request, std::string_view path,
                         const std::string& route_prefix);

}  // namespace taskwatchd
