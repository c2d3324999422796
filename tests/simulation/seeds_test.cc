// Many small simulations with faults of all kinds. The invariants hold in each, and once the faults
// end, the recorded status of every task is correct.
#include <gtest/gtest.h>

#include <cstdlib>

#include "simulation/sim_world.h"

namespace taskwatchd {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Starts up to two platform faults at once, and sometimes another fault.
void make_trouble(SimWorld& world) {
  static constexpr const char* kFaults[] = {
      "drop",        "html", "empty", "server_error", "throttled",      "wrong_task",      "stale",
      "broken_json", "cut",  "drip",  "slow",         "unknown_status", "system_exception"};
  world.calm_down();
  auto& random = world.random();
  for (std::uint64_t n = random() % 3; n > 0; --n) {
    const char* fault = kFaults[random() % std::size(kFaults)];
    const double often = random() % 4 == 0 ? 1.0 : 0.3;
    iotsim::set_switch(world.cloud().switches, fault, std::to_string(often));
  }
  switch (random() % 10) {
    case 0:
      world.store().fail_next(1 + random() % 5, {StoreError::Kind::kUnavailable, "disk full"});
      break;
    case 1:
      world.break_sink(true);
      break;
    case 2:
      iotsim::set_switch(world.cloud().switches, "competitor", "3");
      break;
    case 3:
      iotsim::set_switch(world.cloud().switches, "get_only", "true");
      break;
    case 4:
      world.rerun(iotsim::RerunKind::kKeepTaskId);
      break;
    case 5:
      world.store().hold(random() % 2 == 0 ? MemoryStore::Hold::kBefore
                                           : MemoryStore::Hold::kAfter);
      world.run(seconds(1 + random() % 5));
      world.crash();
      world.start();
      break;
    case 6:
      world.crash();
      world.start();
      break;
    default:
      break;
  }
}

TEST(Simulation, InvariantsHoldUnderFaults) {
  const std::uint64_t first = from_environment("SIMULATION_FIRST_SEED", 1);
  const std::uint64_t count = from_environment("SIMULATION_SEEDS", 200);
  std::uint64_t calls = 0, transitions = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SimOptions options;
    options.seed = seed;
    options.tasks = 5 + static_cast<std::uint32_t>(seed % 25);
    options.timeout_ms = 5 * 60 * 1000;
    options.life.offline_mean = 300;
    options.life.failed = 0.2;
    options.life.hang = 0.1;
    options.life.rejected = 0.05;
    if (seed % 3 == 0) options.pace = Pace{.task = {}, .job = {}, .finished = seconds(10)};
    SimWorld world(options);
    world.start();
    for (int i = 0; i < 8; ++i) {
      make_trouble(world);
      world.run(seconds(30 + world.random()() % 90));
    }
    world.calm_down();
    // All tasks are finished: one call per minute looks for reruns, every second one at a failed
    // task.
    world.run(minutes(60));
    world.check_converged();
    EXPECT_LE(world.most_in_a_second(), 4u) << "seed " << seed;
    EXPECT_LE(world.retries() * 10, world.calls()) << "seed " << seed;
    for (const std::string& what : world.violations()) ADD_FAILURE() << what;
    calls += world.calls();
    transitions += world.store().events().size();
    if (HasFailure()) break;
  }
  std::printf("%llu seeds from %llu: %llu calls, %llu events\n",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(calls), static_cast<unsigned long long>(transitions));
  EXPECT_GT(transitions, count) << "worlds in which nothing happens prove nothing";
}

}  // namespace
}  // namespace taskwatchd
