// The command line as values. Every flag of every command stands in flags.cc, once.
// Pure: prints nothing, opens nothing.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "commands/ask.h"
#include "commands/check.h"
#include "commands/explain.h"
#include "commands/plan_command.h"
#include "commands/wait.h"
#include "config/run_options.h"

namespace taskwatchd {

// Nothing is left to do but to say this: help, the version, or what is wrong with a flag.
struct FlagsEnd {
  int exit_code = 0;
  std::string text;  // for stdout if exit_code is 0, else for stderr; ends with a line end
};

using Command = std::variant<RunOptions, CheckOptions, AskOptions, WaitOptions, PlanOptions,
                             ExplainOptions, FlagsEnd>;

// `arguments` without the program's name. No command means `run`.
Command parse_flags(std::vector<std::string> arguments);

}  // namespace taskwatchd
