// The flags of bench_polling.
#pragma once

#include <string>

#include "plan/run.h"

namespace taskwatchd::plan {

struct BenchFlags {
  std::string set = "clean";  // or faults
  std::string scenarios = "ABCDEF", orders = "ion";
  std::string rows;  // of the faults: only those whose name has this in it
  int seeds = 3, big_seeds = 1;
  bool alone = true;
  int threads = 0;
  RunOptions run;  // of the clean set, with the faults of the flags
  Life life;
};

// Ends the program when one is wrong.
BenchFlags bench_flags_of(int argc, char** argv);

Order order_of(char letter);

}  // namespace taskwatchd::plan
