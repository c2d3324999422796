// `taskwatchd notify`: tests, lists and replays the sinks of a running daemon; a test may also be
// sent without one.
#pragma once

#include <string>

#include "commands/daemon_ask.h"

namespace taskwatchd {

struct NotifyOptions {
  DaemonOptions daemon;
  std::string action;       // test, list or replay
  std::string sink;         // of test and replay
  bool mention = false;     // of test: people are mentioned, as for a large failure
  std::string config_file;  // of test: the sink of this file is tested without a daemon
  std::string since;        // of replay: a time in UTC, or a duration before now
};

// Exit codes: 0 done, and for a test: both messages were taken; 1 the daemon rejects the request;
// 69 a message was not taken, or the daemon cannot be reached or is not ready; 78 invalid
// configuration or password file; 130 SIGINT.
int notify_command(const NotifyOptions& options);

}  // namespace taskwatchd
