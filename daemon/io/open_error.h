// Why a state database cannot be used at start. A value: the caller turns it into an exit code.
#pragma once

#include <string>

namespace taskwatchd {

struct OpenError {
  enum class Kind {
    kLocked,       // locked by another daemon or program: a later start may succeed (exit 75)
    kFull,         // no space on its disk: a later start may succeed (exit 75)
    kUnreachable,  // the database server does not answer: a later start may succeed (exit 69)
    kNewer,        // written by a newer version of this program (exit 78)
    kRefused,      // wrong role, password, privileges or schema on the database server (exit 78)
    kUnusable,     // missing folder, read-only, damaged, not a state database (exit 74)
  };
  Kind kind = Kind::kUnusable;
  std::string message;  // includes the file or server, and how to fix it
};

}  // namespace taskwatchd
