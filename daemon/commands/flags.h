// Parses the command line into values. flags.cc, state_flags.cc and notify_flags.cc define
// every flag of every command, once. No I/O.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "commands/ask.h"
#include "commands/check.h"
#include "commands/explain.h"
#include "commands/mute_command.h"
#include "commands/notify_command.h"
#include "commands/plan_command.h"
#include "commands/state_command.h"
#include "commands/wait.h"
#include "config/run_options.h"

namespace taskwatchd {

// The program must only print this text and exit: help, the version, or the error of a flag.
struct FlagsEnd {
  int exit_code = 0;
  std::string text;  // for stdout if exit_code is 0, else for stderr; ends with a line end
};

using Command = std::variant<RunOptions, CheckOptions, AskOptions, WaitOptions, PlanOptions,
                             ExplainOptions, StateOptions, NotifyOptions, MuteOptions, FlagsEnd>;

// `arguments` excludes the program's name. Without a command, `run` is assumed.
Command parse_flags(std::vector<std::string> arguments);

}  // namespace taskwatchd
