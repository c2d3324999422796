// `taskwatchd plan`: polls a modelled cloud on a virtual clock as the configuration would the real
// one, and prints how long ends go unseen. No keys, no network, no state.
#pragma once

#include <string>

#include "plan/scenario.h"

namespace taskwatchd {

struct PlanOptions {
  std::string config_file = "/etc/taskwatchd/taskwatchd.yaml";
  plan::Request request;
  bool json = false;
};

// 0, 2 the configuration's `bounds` is not kept, 78 the configuration is wrong, 1 stdout is.
int plan_command(const PlanOptions& options);

}  // namespace taskwatchd
