// One file's whole text, read for config_file. A part of that, which alone includes it. Blocks.
#pragma once

#include <cstddef>
#include <string>

#include "config/parse.h"
#include "core/types/time.h"

namespace taskwatchd {

// Either text, or why not and the mend.
struct FileText {
  std::string text;
  std::string problem;  // "cannot be read: ..."
  bool absent = false;
  Wall written{};  // as the file system says
  unsigned mode = 0;
};
// Regular files only: a pipe is refused without waiting for it.
FileText read_file(const std::string& path, std::size_t max_bytes);

// How to read the configuration file of that path: what relative paths and $STATE_DIRECTORY stand
// for, as the environment says.
ParseContext parse_context(const std::string& path);

// "can be read by every user of this machine; ..." if a file of that mode gives all users one of
// these permissions (S_IROTH, S_IWOTH); else empty.
std::string mode_problem(unsigned mode, unsigned permissions);

// "cannot be read: ..." for an errno.
FileText unreadable(int error);

}  // namespace taskwatchd
