// What a request must be before anybody reads what it asks for, beyond what Beast takes for well
// formed, and what the headers of a response must be. A part of http_server. Pure.
#pragma once

#include "io/http/http_server.h"

namespace taskwatchd {

// Why the request is refused with 400, as the response's text; nullptr if it is not. The connection
// has to end then: where such a request ends, and who it is for, a proxy may see differently.
const char* request_problem(const WebRequest& request);
// Nothing in the response's headers could begin another header.
bool has_sound_headers(const WebResponse& response);

}  // namespace taskwatchd
