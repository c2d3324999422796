// What ends or hinders a command is said on stderr, beside any log. Any thread.
#pragma once

#include <cstdio>
#include <string>

namespace taskwatchd {

// "taskwatchd: TEXT" as one line.
inline void complain(const std::string& text) {
  std::fprintf(stderr, "taskwatchd: %s\n", text.c_str());
}

}  // namespace taskwatchd
