// `taskwatchd check`: reads the configuration as `run` would, says everything that is wrong with it
// on stderr, and prints a summary on stdout. With `online`, one call for each account, instance and
// API that the configuration uses shows what is wrong: key, RAM action, region or instance id.
// The file of `run --web.config.file` is checked too if it is given.
#pragma once

#include <string>

namespace taskwatchd {

struct CheckOptions {
  std::string config_file = "/etc/taskwatchd/taskwatchd.yaml";
  std::string web_config_file;  // empty: none
  bool online = false;
};

// 0 all is well, 78 the configuration or a key is not, or (without `online`) the task files have no
// valid line and nothing else is watched, 69 an instance does not answer as it should.
int check(const CheckOptions& options);

}  // namespace taskwatchd
