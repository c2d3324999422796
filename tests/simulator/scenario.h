// A world written as a scenario: YAML text with accounts, instances, jobs and switches. README.md
// documents the keys. Strict: unknown keys, wrong types and duplicate ids are errors with a
// position. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/model_cloud.h"
#include "simulator/model_world.h"

namespace iotsim {

// "FILE:LINE:COL: message". Parsing stops at the first error.
class ScenarioError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Scenario {
  std::optional<std::uint64_t> seed;
  std::vector<Account> accounts;
  std::vector<Instance> instances;
  std::vector<DistributionSpec> distributions;  // created_ms counts from the beginning of the world
  std::vector<JobSpec> jobs;  // created_ms and start_ms count from the beginning of the world
  std::vector<std::pair<std::string, std::string>> switches;
  std::vector<TimedSwitch> schedule;
};

// `file` is included in error messages. Throws ScenarioError.
Scenario parse_scenario(std::string_view yaml, const std::string& file);

// Divides all times by `scale` and speeds up roll-outs as much: a simulated day takes minutes.
// REQUIRES: scale > 0.
void speed_up(Scenario& scenario, double scale);

// Fills `world`, which must be empty. The world begins at `begin_ms`.
void build(const Scenario& scenario, std::int64_t begin_ms, World& world);
// Sets the scenario's switches and schedule.
void configure(const Scenario& scenario, ModelCloud& cloud);

// Parses 500ms 30s 5m 1h30m 2d, optionally with a leading minus, into milliseconds. Returns nullopt
// for any other text.
std::optional<std::int64_t> parse_span(std::string_view text);

}  // namespace iotsim
