// Which account and instance each task of a command is asked at. Pure.
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

// What the operator said of the place; empty texts said nothing.
struct PlaceHint {
  std::string account;
  std::string instance;  // a name or an IotInstanceId
};

// One target for each task, in their order, a task given twice only once. A task goes where the
// configuration lists it, within the hint; one that is not listed goes to the only place the hint
// leaves. A string says why that is impossible, and the mend.
std::variant<std::vector<Target>, std::string> find_targets(
    const Config& config, const PlaceHint& hint, const std::vector<std::string>& task_ids);

}  // namespace taskwatchd
