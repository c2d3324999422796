// Checks a request before its content is used, beyond what Beast checks, and determines its target.
// Part of http_server. No I/O.
#pragma once

#include "io/http/http_server.h"

namespace taskwatchd {

// Returns the text of a 400 response if the request is invalid, nullptr if it is valid. After a 400
// the connection must be closed: a proxy may disagree about where such a request ends, or for which
// host it is.
const char* request_problem(const WebRequest& request);
// Replaces a target in absolute form (RFC 9112 3.2.2) by its path and query, and Host by its
// authority. No effect on other targets.
void take_absolute_form(WebRequest& request);

}  // namespace taskwatchd
