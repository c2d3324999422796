// Exit codes of the program: those of sysexits.h where one fits.
#pragma once

namespace taskwatchd {

enum ExitCode : int {
  kExitOk = 0,
  kExitOther = 1,
  kExitSomeBad = 2,        // wait: some tasks did not end as SUCCEEDED
  kExitUnavailable = 69,   // a required service is unavailable
  kExitState = 74,         // the state database is corrupt or read-only
  kExitRetry = 75,         // state database locked by another daemon, or no space: retry later
  kExitConfig = 78,        // invalid flag or configuration, unreadable key, newer state database
  kExitTimeout = 124,      // wait: not finished in time
  kExitInterrupted = 130,  // as a shell reports termination by SIGINT
};

}  // namespace taskwatchd
