// `taskwatchd plan`: polls a simulated platform on a virtual clock as the configuration would poll
// the real one, and prints how long completions stay unobserved. No credentials, no network, no
// state database.
#pragma once

#include <string>

#include "plan/scenario.h"

namespace taskwatchd {

struct PlanOptions {
  std::string config_file = "/etc/taskwatchd/taskwatchd.yaml";
  plan::Request request;
  bool json = false;
};

// Exit codes: 0; 2 the configured `bounds` are exceeded; 78 the configuration is invalid; 1 stdout
// failed.
int plan_command(const PlanOptions& options);

}  // namespace taskwatchd
