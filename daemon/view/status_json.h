// `data` of `GET /api/v1/status` as JSON: docs/reference/http-api.md. No I/O.
#pragma once

#include <string>

#include "core/types/status.h"
#include "core/types/time.h"

namespace taskwatchd {

// Facts that do not change while the daemon runs.
struct DaemonFacts {
  std::string version;
  Wall started;
};

// REQUIRES: the daemon is ready.
std::string status_json(const DaemonStatus& status, const DaemonFacts& facts);

}  // namespace taskwatchd
