// `data` of `GET /api/v1/jobs` as JSON: docs/reference/http-api.md. No I/O.
#pragma once

#include <string>
#include <vector>

#include "core/types/status.h"

namespace taskwatchd {

// The watched jobs of all accounts.
std::string jobs_json(const std::vector<AccountStatus>& accounts);

}  // namespace taskwatchd
