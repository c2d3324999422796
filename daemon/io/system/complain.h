// Prints an error of a command on stderr, independently of any log. Any thread.
#pragma once

#include <cstdio>
#include <string>

namespace taskwatchd {

// Prints "taskwatchd: TEXT" as one line.
inline void complain(const std::string& text) {
  std::fprintf(stderr, "taskwatchd: %s\n", text.c_str());
}

}  // namespace taskwatchd
