// Why a state file cannot be used at start. A value: the caller turns it into an exit code.
#pragma once

#include <string>

namespace taskwatchd {

struct OpenError {
  enum class Kind {
    kLocked,    // another daemon or program holds the file: a later start may succeed (exit 75)
    kNewer,     // written by a newer version of this program (exit 78)
    kUnusable,  // missing folder, read-only, full, damaged, not a state file (exit 74)
  };
  Kind kind = Kind::kUnusable;
  std::string message;  // names the file and the mend
};

}  // namespace taskwatchd
