// What `taskwatchd plan` models: the configuration's accounts with their quotas, and as many jobs
// as the configuration watches or the command line specifies. All jobs start at once, which is the
// worst case. No I/O.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "plan/faults.h"
#include "plan/world.h"

namespace taskwatchd::plan {

inline constexpr std::uint32_t kDefaultTasks = 10'000;
inline constexpr std::uint32_t kMaxPlanTasks = 1'000'000;
inline constexpr std::uint32_t kMaxPlanJobs = 1000;
inline constexpr double kRolloutPerMinute = 1000;  // the platform's default and maximum
inline constexpr Ms kMaxSpan = 24LL * 3600 * 1000;

// The flags; absent: taken from the configuration.
struct Request {
  std::optional<std::uint32_t> tasks = {};  // total, divided among `jobs`
  std::optional<std::uint32_t> jobs = {};
  std::optional<double> hours = {};
  std::optional<Order> order = {};  // absent: the worse of id and oldest
  std::uint64_t seed = 1;
  Duration rtt = std::chrono::milliseconds(60);
  Faults faults = {.mixed = true};
  // One quota for all APIs of an account: quota_total, or otherwise the largest of its quotas.
  bool shared_quota = false;
  double failing_tasks = Life{}.failed;
};

struct AccountScenario {
  AccountConfig account;
  std::vector<JobPlan> jobs;
};

struct Scenario {
  std::vector<AccountScenario> accounts;  // without accounts that get no job
  Request request;
  bool discovers = false;  // the configuration discovers jobs: their number is not known
  std::uint32_t tasks() const;
  std::uint32_t named() const;  // number of explicit tasks
  std::uint32_t jobs() const;
};

// Without `tasks` and `jobs`: as many jobs as the configuration lists (discover_jobs counts as one)
// with 10,000 tasks in total, and the explicit tasks as one more job per account. With either:
// divided equally among the accounts; as explicit tasks if the configuration lists only task ids.
Scenario scenario_of(const Config& config, const Request& request);

}  // namespace taskwatchd::plan
