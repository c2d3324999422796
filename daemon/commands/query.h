// `taskwatchd query`: asks once for each task and prints one JSON object a line on stdout, in the
// order given; what is wrong, with the mend, also on stderr.
#pragma once

#include "commands/ask.h"

namespace taskwatchd {

// 0 all were answered, 69 the cloud could not be reached or has trouble of its own, 78 nothing was
// asked (see AskOptions), 130 SIGINT, 1 otherwise.
int query(const AskOptions& options);

// 69 or 1.
int exit_code_for(Reason reason);

}  // namespace taskwatchd
