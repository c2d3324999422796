// Two and three replicas with faults of all kinds: kills, stops, freezes, partitions, outages, slow
// networks, clocks that jump. What replicas promise holds at any instant, and once the faults end,
// every status is known and the accounts are shared evenly.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "simulation/replicas_world.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

Duration between(ReplicasWorld& world, Duration least, Duration most) {
  return least + world.net().up_to(most - least);
}

void trouble_platform(ReplicasWorld& world) {
  static constexpr const char* kFaults[] = {"drop", "slow", "stale", "throttled", "server_error"};
  const std::uint64_t choice = world.random()() % (std::size(kFaults) + 2);
  world.disturb_platform();
  if (choice < std::size(kFaults)) {
    iotsim::set_switch(world.cloud().switches, kFaults[choice], "0.3");
  } else {
    for (const char* fault : kFaults) iotsim::set_switch(world.cloud().switches, fault, "0");
  }
}

void make_trouble(ReplicasWorld& world) {
  auto& random = world.random();
  const std::size_t one = random() % world.size();
  const std::size_t account = random() % world.options().accounts;
  switch (random() % 14) {
    case 0:
      return world.kill(one, between(world, seconds(0), seconds(30)));
    case 1:
    case 2:
      return world.stop(one, between(world, seconds(0), seconds(20)));
    case 3:
      return world.freeze(one, between(world, milliseconds(100), seconds(30)));
    case 4:
      return world.freeze_at_next_call(one, between(world, seconds(1), seconds(30)));
    case 5:
    case 6:
      return world.cut(one, between(world, milliseconds(100), seconds(30)));
    case 7:
      return world.outage(random() % 2 == 0, between(world, milliseconds(100), seconds(20)));
    case 8:
      return world.slow_down(one, between(world, milliseconds(50), milliseconds(2500)),
                             between(world, seconds(1), seconds(30)));
    case 9:
      return world.slow_connections(one, between(world, milliseconds(10), seconds(6)),
                                    between(world, seconds(1), seconds(30)));
    case 10:
      return world.jump_clock(one, milliseconds(random() % 7'200'000) - hours(1));
    case 11:
      return world.rerun(account);
    case 12:
      return world.reload(one, random() % 2 == 0 ? "" : "acc" + std::to_string(account));
    default:
      return trouble_platform(world);
  }
}

void print(const char* what, std::vector<Duration> spans) {
  if (spans.empty()) return;
  std::sort(spans.begin(), spans.end());
  std::printf("%s: %zu, median %.1f s, longest %.1f s\n", what, spans.size(),
              taskwatchd::seconds(spans[spans.size() / 2]), taskwatchd::seconds(spans.back()));
}

TEST(Replicas, KeepTheirPromisesUnderFaults) {
  const std::uint64_t first = from_environment("SIMULATION_FIRST_SEED", 1);
  const std::uint64_t count = from_environment("SIMULATION_SEEDS", 200);
  std::uint64_t calls = 0, transitions = 0, claims = 0, frozen = 0;
  std::vector<Duration> takeovers, handovers;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    ReplicasOptions options;
    options.seed = seed;
    options.replicas = 2 + seed % 2;
    options.accounts = 2 + seed % 5;
    options.jobs = seed % 3 == 0;
    ReplicasWorld world(options);
    const auto going_on = [&] { return world.check().violations().empty(); };
    for (int i = 0; i < 12 && going_on(); ++i) {
      world.run(between(world, seconds(0), seconds(30)));
      if (going_on()) make_trouble(world);
      if (going_on() && world.random()() % 2 == 0) make_trouble(world);
    }
    if (going_on()) world.calm_down();
    if (going_on()) world.run(seconds(100));
    if (going_on()) world.check().converged();
    for (const std::string& what : world.check().violations()) ADD_FAILURE() << what;
    calls += world.check().calls();
    frozen += world.check().frozen_calls();
    transitions += world.check().transitions();
    claims += world.database().claims();
    const auto& taken = world.check().takeovers();
    takeovers.insert(takeovers.end(), taken.begin(), taken.end());
    const auto& handed = world.check().handovers();
    handovers.insert(handovers.end(), handed.begin(), handed.end());
    if (HasFailure() && std::getenv("SIMULATION_GO_ON") == nullptr) break;
  }
  std::printf("%llu seeds from %llu: %llu calls, %llu of them by a process that was frozen, ",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(calls), static_cast<unsigned long long>(frozen));
  std::printf("%llu transitions, %llu claims\n", static_cast<unsigned long long>(transitions),
              static_cast<unsigned long long>(claims));
  print("without a holder", takeovers);
  print("from a stop to the next holder", handovers);
  EXPECT_GT(transitions, count) << "worlds in which nothing happens prove nothing";
  EXPECT_GT(claims, count);
}

}  // namespace
}  // namespace taskwatchd
