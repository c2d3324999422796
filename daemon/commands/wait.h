// `taskwatchd wait`: asks again and again until all tasks are finished, for pipelines. Progress
// goes to stderr, nothing to stdout.
#pragma once

#include <optional>

#include "commands/ask.h"

namespace taskwatchd {

struct WaitOptions {
  AskOptions what;
  std::optional<Duration> timeout;
};

// 0 all SUCCEEDED, 2 all are finished but some did not, 124 `timeout` passed first, 78 nothing was
// asked, 130 SIGINT. Ends early where waiting cannot help: 1 for keys, permission, an unknown task,
// 69 when the cloud could not be reached from the start, or not for 10 min.
int wait(const WaitOptions& options);

}  // namespace taskwatchd
