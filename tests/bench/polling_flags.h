// The flags of bench_polling.
#pragma once

#include <string>

#include "plan/run.h"

namespace taskwatchd::plan {

struct BenchFlags {
  std::string set = "clean";  // or faults
  std::string scenarios = "ABCDEF", orders = "ion";
  std::string rows;  // for "faults": only cases whose name contains this text
  int seeds = 3, big_seeds = 1;
  bool alone = true;
  int threads = 0;
  RunOptions run;  // for "clean"; includes the faults set by flags
  Life life;
};

// Exits if a flag is invalid.
BenchFlags bench_flags_of(int argc, char** argv);

Order order_of(char letter);

}  // namespace taskwatchd::plan
