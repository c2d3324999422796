#include "io/system/complain.h"

#include <cstdio>

namespace taskwatchd {

void complain(const std::string& text) {
  std::fprintf(stderr, "taskwatchd: %s\n", text.c_str());
}

}  // namespace taskwatchd
