// `taskwatchd check`: reads the configuration as `run` does, prints every error on stderr and a
// summary on stdout. With `online`, one call per account, instance and API that the configuration
// uses finds errors of the AccessKey, RAM action, region or instance id. If given, the file of `run
// --web.config.file` is checked too. With `state.url`, it connects to the server (state_check.h).
#pragma once

#include <string>

namespace taskwatchd {

struct CheckOptions {
  std::string config_file = "/etc/taskwatchd/taskwatchd.yaml";
  std::string web_config_file;  // empty: none
  bool online = false;
};

// Exit codes: 0 no errors; 78 the configuration or an AccessKey is invalid, or (without `online`)
// the task files have no valid line and nothing else is watched; 69 an instance or the
// PostgreSQL server does not respond as expected.
int check(const CheckOptions& options);

}  // namespace taskwatchd
