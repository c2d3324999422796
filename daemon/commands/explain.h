// `taskwatchd explain`: queries a running daemon for one task and prints the response as
// human-readable text on stdout. Makes no API call and needs no configuration.
#pragma once

#include <string>

#include "commands/daemon_ask.h"

namespace taskwatchd {

struct ExplainOptions {
  DaemonOptions daemon;
  std::string account;  // empty: any account that watches the task
  std::string task_id;
};

DaemonRequest explain_request(const ExplainOptions& options);

// If another replica holds the task's account, that one is queried too. Exit codes: 0 printed; 78
// the password file cannot be read; 1 the daemon does not watch the task, or rejects the request;
// 69 the daemon cannot be reached or is not ready, or the server is not taskwatchd; 130 SIGINT.
int explain(const ExplainOptions& options);

}  // namespace taskwatchd
