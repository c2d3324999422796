// The runbooks that the alerts link to, at /runbooks/ and /runbooks/NAME: whole HTML pages in
// English and Chinese that are part of the program, so that they open wherever the daemon can be
// reached. Pure.
#pragma once

#include <string>
#include <string_view>

#include "io/http/http_server.h"

namespace taskwatchd {

bool is_runbook(std::string_view path);
// The answer to a GET of such a path, which is below the route prefix.
WebResponse runbook_page(const WebRequest& request, std::string_view path,
                         const std::string& route_prefix);

}  // namespace taskwatchd
