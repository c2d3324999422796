// Writes the head of a response (RFC 9112). Part of http_server, without Beast. No I/O; reads the
// clock for Date only.
#pragma once

#include <string>

#include "io/http/http_server.h"

namespace taskwatchd {

// Returns the status line and the fields, including the empty line and the door's fields for every
// response. Replaces the response by a plain 500 if a text in it could start another header.
// `minor`: minor version of HTTP/1.
std::string head_of(WebResponse& response, const WebDoor& door, int minor, bool keep);

}  // namespace taskwatchd
