// Until when each instance of one account is not called, by the instance's name, because positions
// in the configuration change with a reload. No I/O. Event-loop thread only.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/types/time.h"

namespace taskwatchd {

class Gates {
 public:
  void add(std::string instance, Mono until) { gates_.emplace_back(std::move(instance), until); }
  // Returns Mono::max() for an unknown instance: it is never called.
  Mono until(std::string_view instance) const {
    const auto found = std::find_if(gates_.begin(), gates_.end(),
                                    [&](const auto& gate) { return gate.first == instance; });
    return found == gates_.end() ? Mono::max() : found->second;
  }

 private:
  std::vector<std::pair<std::string, Mono>> gates_;  // only a few
};

}  // namespace taskwatchd
