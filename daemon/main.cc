#include <cstdio>

#include "version.h"

int main() {
  std::puts("taskwatchd " TASKWATCHD_VERSION);
  return 0;
}
