// What a request must be before anybody reads what it asks for, beyond what Beast takes for well
// formed and for what it is about. A part of http_server. Pure.
#pragma once

#include "io/http/http_server.h"

namespace taskwatchd {

// Why the request is refused with 400, as the response's text; nullptr if it is not. The connection
// has to end then: where such a request ends, and who it is for, a proxy may see differently.
const char* request_problem(const WebRequest& request);
// A target in absolute form (RFC 9112 3.2.2) becomes its path and query, and its authority the
// Host. No effect on other targets.
void take_absolute_form(WebRequest& request);

}  // namespace taskwatchd
