// `data` of `GET /api/v1/status` as JSON: docs/reference/http-api.md. Pure.
#pragma once

#include <string>

#include "core/types/status.h"
#include "core/types/time.h"

namespace taskwatchd {

// What does not change while the daemon runs.
struct DaemonFacts {
  std::string version;
  Wall started;
};

// Of a daemon that is ready.
std::string status_json(const DaemonStatus& status, const DaemonFacts& facts);

}  // namespace taskwatchd
