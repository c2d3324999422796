// Finds the account and instance at which each task of a command is queried. No I/O.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "config/config.h"

namespace taskwatchd {

struct Target {
  std::string task_id;
  std::size_t account = 0;   // index into Config::accounts
  std::size_t instance = 0;  // index into its instances
};

// The account and instance that the operator specified; an empty text means not specified.
struct PlaceHint {
  std::string account;
  std::string instance;  // a name or an IotInstanceId
};

// Returns one target per task, in their order, duplicates removed. A task goes to the account and
// instance that lists it in the configuration, within the hint. A task that is not listed goes to
// the only instance that the hint leaves. A string is an error: why there is none, and how to fix
// it.
std::variant<std::vector<Target>, std::string> find_targets(
    const Config& config, const PlaceHint& hint, const std::vector<std::string>& task_ids);

}  // namespace taskwatchd
