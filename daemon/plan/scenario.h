// What `taskwatchd plan` models: the configuration's accounts with their quotas, and jobs as many
// as it watches or as the command line says. All jobs start at once, which is the worst. Pure.
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
inline constexpr double kRolloutPerMinute = 1000;  // the platform's default and greatest
inline constexpr Ms kMaxSpan = 24LL * 3600 * 1000;

// The flags; absent: by the configuration.
struct Request {
  std::optional<std::uint32_t> tasks = {};  // in all, over `jobs`
  std::optional<std::uint32_t> jobs = {};
  std::optional<double> hours = {};
  std::optional<Order> order = {};  // absent: the worse of id and oldest
  std::uint64_t seed = 1;
  Duration rtt = std::chrono::milliseconds(60);
  Faults faults = {.mixed = true};
  // One budget for all APIs of an account: quota_total, or else the greatest of its quotas.
  bool shared_quota = false;
  double failing_tasks = Life{}.failed;
};

struct AccountScenario {
  AccountConfig account;
  std::vector<JobPlan> jobs;
};

struct Scenario {
  std::vector<AccountScenario> accounts;  // without those that get no job
  Request request;
  bool discovers = false;  // by the configuration: its jobs' number is not known
  std::uint32_t tasks() const;
  std::uint32_t named() const;  // of the tasks, those watched by their ids
  std::uint32_t jobs() const;
};

// Without `tasks` and `jobs`: as many jobs as the configuration names (discover_jobs counts as
// one) with 10,000 tasks in all, and the tasks that it names by id as one more job each account.
// With either: the accounts share so many evenly; by id if the configuration names nothing but ids.
Scenario scenario_of(const Config& config, const Request& request);

}  // namespace taskwatchd::plan
