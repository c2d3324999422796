// `taskwatchd mute`, `unmute` and `mutes`: the mutes of a running daemon's chats.
#pragma once

#include <string>

#include "commands/daemon_ask.h"

namespace taskwatchd {

struct MuteOptions {
  DaemonOptions daemon;
  std::string command;  // mute, unmute or mutes
  // Of mute. Empty: all.
  std::string sink;
  std::string account;
  std::string job;      // glob of a job's id or name
  std::string span;     // --for
  std::string comment;  // the reason
  std::string id;       // of unmute
};

// Exit codes as those of explain().
int mute_command(const MuteOptions& options);

}  // namespace taskwatchd
