// An answer's head as it goes over the wire (RFC 9112). A part of http_server, without Beast. Pure
// but for the Date.
#pragma once

#include <string>

#include "io/http/http_server.h"

namespace taskwatchd {

// The status line and the fields, to the empty line, with the door's fields for every answer. The
// response becomes a plain 500 if something in it could begin another header. `minor`: of HTTP/1.
std::string head_of(WebResponse& response, const WebDoor& door, int minor, bool keep);

}  // namespace taskwatchd
