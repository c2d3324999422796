// Measures the planner's CPU time: one account at 15 calls/s (five each for statistics, lists and
// tasks) with one job of 100,000 tasks, from the middle of its roll-out on. Prints the CPU time per
// simulated second. It includes the modelled platform's work, so the daemon itself needs less.
// Flag: --seconds=3000 (simulated).
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "bench/polling_scenarios.h"

int main(int argc, char** argv) {
  using namespace taskwatchd;
  using namespace taskwatchd::plan;
  long span = 3000;
  const std::string flag = "--seconds=";
  if (argc > 1 && std::string(argv[1]).starts_with(flag)) {
    span = std::atol(argv[1] + flag.size());
  }
  constexpr Ms kMiddle = -50LL * 60 * 1000;  // half of the 100-minute roll-out
  World world({{100'000, 1000, kMiddle}}, {}, Order::kId, 1);
  RunOptions options;
  options.until = span * 1000;
  const std::clock_t began = std::clock();
  const Result result = run_planner(world, full_quota(), options);
  const double cpu = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  std::uint64_t calls = 0;
  for (const auto& [api, n] : result.calls) calls += n;
  const double simulated = static_cast<double>(result.span) / 1000;
  fmt::print("{:.1f} calls/s over {:.0f} s: {:.3f} % of a core, {:.0f} us a call\n",
             static_cast<double>(calls) / simulated, simulated, 100 * cpu / simulated,
             1e6 * cpu / static_cast<double>(calls));
  return 0;
}
