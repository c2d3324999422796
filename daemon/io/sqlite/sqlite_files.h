// The state file as a file, before SQLite sees it: made with mode 0600 whatever the umask, and
// refused with words that help when it is no place to keep state.
#pragma once

#include <string>
#include <variant>

#include "io/sqlite/sqlite_error.h"

namespace taskwatchd::sqlite {

// Makes an empty file if there is none, and checks that it can be written. Returns its real
// absolute path (links followed).
std::variant<std::string, OpenError> prepare_file(const std::string& path);

// The errno of a failed open or write, as an error that names the file and the mend.
OpenError unusable(const std::string& path, int error);

}  // namespace taskwatchd::sqlite
