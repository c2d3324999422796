// What a request must be before anybody reads what it asks for. A part of http_server, without
// Beast, which takes some of these for well formed. Pure.
#pragma once

#include "io/http/http_server.h"

namespace taskwatchd {

// Why the request is refused with 400, as the response's text; nullptr if it is not. The connection
// has to end then: where such a request ends, and who it is for, a proxy may see differently.
const char* request_problem(const WebRequest& request);

}  // namespace taskwatchd
