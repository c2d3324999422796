// A world as people write it down: YAML text to accounts, instances, jobs and switches.
// README.md documents the keys. Strict: unknown keys, wrong types and doubled ids are errors that
// name their place. Pure; no file is opened.
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

// FILE:LINE:COL: what is wrong. The first mistake ends the reading.
class ScenarioError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Scenario {
  std::optional<std::uint64_t> seed;
  std::vector<Account> accounts;
  std::vector<Instance> instances;
  std::vector<DistributionSpec> distributions;  // created_ms likewise
  std::vector<JobSpec> jobs;  // created_ms and start_ms count from the world's beginning
  std::vector<std::pair<std::string, std::string>> switches;
  std::vector<TimedSwitch> schedule;
};

// `file` is named in errors. Throws ScenarioError.
Scenario parse_scenario(std::string_view yaml, const std::string& file);

// All spans shortened to 1/scale, roll-outs `scale` times as fast: a day's world in minutes.
// REQUIRES: scale > 0.
void speed_up(Scenario& scenario, double scale);

// Fills `world`, which must be empty, so that it begins at `begin_ms`.
void build(const Scenario& scenario, std::int64_t begin_ms, World& world);
// Sets its switches and schedule.
void configure(const Scenario& scenario, ModelCloud& cloud);

// 500ms 30s 5m 1h30m 2d, also with a leading minus; in milliseconds. Nothing for any other text.
std::optional<std::int64_t> parse_span(std::string_view text);

}  // namespace iotsim
