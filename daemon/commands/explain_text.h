// Formats the response of `GET /api/v1/tasks/ID` as human-readable text. No I/O.
#pragma once

#include "commands/daemon_text.h"

namespace taskwatchd {

DaemonText explain_text(const simdjson::dom::element& data);

}  // namespace taskwatchd
