// `taskwatchd wait`: polls until all tasks are finished, for use in pipelines. Progress goes to
// stderr, nothing to stdout.
#pragma once

#include <optional>

#include "commands/ask.h"

namespace taskwatchd {

struct WaitOptions {
  AskOptions what;
  std::optional<Duration> timeout;
};

// Exit codes: 0 all SUCCEEDED; 2 all are finished, some not SUCCEEDED; 124 `timeout` passed first;
// 78 no call was made; 130 SIGINT. Stops early where waiting cannot help: 1 for invalid
// credentials, denied permission or an unknown task; 69 if the platform cannot be reached at the
// start, or not for 10 min.
int wait(const WaitOptions& options);

}  // namespace taskwatchd
