// The contents of a sink's files: where it sends to, and its secrets. Values only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/types/secret.h"

namespace taskwatchd {

struct SinkAccess {
  Secret url;
  std::vector<Secret> keys;
  std::vector<std::pair<std::string, Secret>> headers;
};

}  // namespace taskwatchd
