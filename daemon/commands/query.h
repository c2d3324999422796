// `taskwatchd query`: queries each task once and prints one JSON object per line on stdout, in the
// order given. Errors, with how to fix them, also go to stderr.
#pragma once

#include "commands/ask.h"

namespace taskwatchd {

// Exit codes: 0 all tasks were returned; 69 the platform cannot be reached or has a failure; 78 no
// call was made (see AskOptions); 130 SIGINT; 1 otherwise.
int query(const AskOptions& options);

// Returns 69 or 1.
int exit_code_for(Reason reason);

}  // namespace taskwatchd
