// How the program ends, after sysexits.h where it has a fitting code.
#pragma once

namespace taskwatchd {

enum ExitCode : int {
  kExitOk = 0,
  kExitOther = 1,
  kExitSomeBad = 2,        // wait: some tasks did not succeed
  kExitUnavailable = 69,   // a needed service cannot be had
  kExitState = 74,         // the state is corrupt or read-only
  kExitRetry = 75,         // another daemon holds the state, or no space: a later start may succeed
  kExitConfig = 78,        // bad flag or configuration, unreadable key, state of a newer version
  kExitTimeout = 124,      // wait: not finished in time
  kExitInterrupted = 130,  // as a shell calls a death by SIGINT
};

}  // namespace taskwatchd
