// `taskwatchd explain`: queries a running daemon for one task and prints the response as
// human-readable text on stdout. Makes no API call and needs no configuration.
#pragma once

#include <string>

namespace taskwatchd {

struct ExplainOptions {
  std::string url = "http://127.0.0.1:10120";  // a path is the daemon's route prefix
  std::string account;                         // empty: any account that watches the task
  std::string task_id;
  std::string user;           // empty: the daemon requires no authentication
  std::string password_file;  // of the user
  std::string ca_file;        // CA of the daemon's certificate; empty: the system's CAs
};

// If another replica holds the task's account, that one is queried too. Exit codes: 0 printed; 78
// the password file cannot be read; 1 the daemon does not watch the task, or rejects the request;
// 69 the daemon cannot be reached or is not ready, or the server is not taskwatchd; 130 SIGINT.
int explain(const ExplainOptions& options);

}  // namespace taskwatchd
