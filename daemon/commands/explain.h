// `taskwatchd explain`: asks a running daemon for one task and prints what it says for people on
// stdout. Asks no cloud and needs no configuration.
#pragma once

#include <string>

namespace taskwatchd {

struct ExplainOptions {
  std::string url = "http://127.0.0.1:10120";  // a path is the daemon's route prefix
  std::string account;                         // empty: whichever watches the task
  std::string task_id;
  std::string user;           // empty: the daemon asks for no login
  std::string password_file;  // of the user
  std::string ca_file;        // that signed the daemon's certificate; empty: the system's
};

// 0 said; 78 the password cannot be read; 1 the daemon does not watch the task, or refuses the
// question; 69 it could not be reached, has no answer now, or what answers there is no taskwatchd;
// 130 SIGINT.
int explain(const ExplainOptions& options);

}  // namespace taskwatchd
