// Small simulations with watched jobs. Their faults are those of single tasks and those of lists
// and statistics: outdated counts, skipped rows, changing orders, expired pagination tokens.
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

struct Turned {
  const char* name;
  const char* value;
};

std::string some_job(SimWorld& world) {
  return "job-" + std::to_string(1 + world.random()() % world.content().jobs().size());
}

// Chooses how the platform orders lists and counts tasks; the choice does not change later.
void choose_manners(SimOptions& options) {
  static constexpr const char* kOrders[] = {"id", "newest", "oldest", "mixed", "per_list"};
  const auto set = [&](const char* name, const std::string& value) {
    iotsim::set_switch(options.calm, name, value);
  };
  const std::uint64_t seed = options.seed;
  set("page_order", kOrders[seed % std::size(kOrders)]);
  set("token_kind", seed / 5 % 2 == 0 ? "key" : "offset");
  set("statistics_lag_ms", seed / 10 % 2 == 0 ? "0" : "5000");
  set("progress_bumps_modified", seed / 20 % 2 == 0 ? "false" : "true");
  if (seed % 7 == 0) set("common_quota", "5");
  if (seed % 11 == 0) set("list_skips", "0.1");
}

void make_trouble(SimWorld& world) {
  static constexpr Turned kFaults[] = {
      {"drop", "0.3"},
      {"html", "0.3"},
      {"server_error", "0.5"},
      {"throttled", "0.3"},
      {"wrong_task", "0.3"},
      {"stale", "0.5"},
      {"broken_json", "0.3"},
      {"cut", "0.3"},
      {"slow", "0.3"},
      {"system_exception", "0.5"},
      {"unknown_status", "0.3"},
      {"list_skips", "0.3"},
      {"statistics_lag_ms", "5000"},
      {"token_ms", "2000"},
      {"page_order", "mixed"},
      {"denied", "ListTask"},
      {"denied", "QueryJobStatistics"},
      {"denied", "QueryTask,QueryJob"},
      {"denied", "ListTask,QueryJobStatistics,QueryJob"},
      {"common_quota", "5"},
  };
  world.calm_down();
  auto& random = world.random();
  for (std::uint64_t n = random() % 3; n > 0; --n) {
    const Turned& fault = kFaults[random() % std::size(kFaults)];
    iotsim::set_switch(world.cloud().switches, fault.name, fault.value);
  }
  switch (random() % 12) {
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
    case 4:
      world.rerun(iotsim::RerunKind::kKeepTaskId, some_job(world));
      break;
    case 5:
      world.rerun(iotsim::RerunKind::kNewTaskId, some_job(world));
      break;
    case 6:
      world.content().cancel(some_job(world), world.wall_ms());
      break;
    case 7:
      world.store().hold(random() % 2 == 0 ? MemoryStore::Hold::kBefore
                                           : MemoryStore::Hold::kAfter);
      world.run(seconds(1 + random() % 5));
      world.crash();
      world.start();
      break;
    case 8:
    case 9:
      world.crash();
      world.start();
      break;
    default:
      break;
  }
}

SimOptions options_of(std::uint64_t seed) {
  SimOptions options;
  options.seed = seed;
  options.watch = seed % 4 == 0 ? SimOptions::Watch::kBoth : SimOptions::Watch::kJobs;
  options.jobs = 1 + static_cast<std::uint32_t>(seed % 3);
  // Some jobs are larger than a list page.
  options.tasks = seed % 5 < 2 ? 130 : 5 + static_cast<std::uint32_t>(seed % 25);
  options.rollout_per_minute = 60;
  options.timeout_ms = 5 * 60 * 1000;
  options.life.offline_mean = 300;
  options.life.failed = 0.2;
  options.life.hang = 0.1;
  options.life.rejected = 0.05;
  if (seed % 3 == 0) options.pace = Pace{.task = {}, .job = {}, .finished = seconds(10)};
  choose_manners(options);
  return options;
}

TEST(JobSimulation, InvariantsHoldUnderFaults) {
  const std::uint64_t first = from_environment("SIMULATION_FIRST_SEED", 1);
  const std::uint64_t count = from_environment("SIMULATION_SEEDS", 100);
  std::uint64_t calls = 0, events = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SimWorld world(options_of(seed));
    world.start();
    for (int i = 0; i < 8; ++i) {
      make_trouble(world);
      world.run(seconds(30 + world.random()() % 90));
    }
    world.calm_down();
    world.run(minutes(20));
    world.check_converged();
    EXPECT_LE(world.most_in_a_second(), 4u) << "seed " << seed;
    EXPECT_LE(world.retries() * 10, world.calls()) << "seed " << seed;
    for (const std::string& what : world.violations()) ADD_FAILURE() << what;
    calls += world.calls();
    events += world.store().events().size();
    if (HasFailure() && std::getenv("SIMULATION_GO_ON") == nullptr) break;
  }
  std::printf("%llu seeds from %llu: %llu calls, %llu events\n",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(calls), static_cast<unsigned long long>(events));
  EXPECT_GT(events, count) << "worlds in which nothing happens prove nothing";
}

}  // namespace
}  // namespace taskwatchd
