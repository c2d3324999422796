// Reads the whole text of one file. Part of config_file; only config_file includes it. Blocks.
#pragma once

#include <cstddef>
#include <string>

#include "config/parse.h"
#include "core/types/time.h"

namespace taskwatchd {

// Either the text, or the problem and how to fix it.
struct FileText {
  std::string text;
  std::string problem;  // "cannot be read: ..."
  bool absent = false;
  Wall written{};  // modification time of the file system
  unsigned mode = 0;
};
// Reads regular files only: a pipe is rejected without waiting for it.
FileText read_file(const std::string& path, std::size_t max_bytes);

// Returns the context for parsing the configuration file at `path`: the base of relative paths, and
// $STATE_DIRECTORY and the like from the environment.
ParseContext parse_context(const std::string& path);

// Returns "can be read by every user of this machine; ..." if `mode` gives all users one of these
// permissions (S_IROTH, S_IWOTH); otherwise an empty text.
std::string mode_problem(unsigned mode, unsigned permissions);

// Returns "cannot be read: ..." for an errno.
FileText unreadable(int error);

}  // namespace taskwatchd
