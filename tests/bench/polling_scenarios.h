// Scenarios A to F, which the planner's goals refer to, and the options to run them. Shared by the
// benchmark and the test. Default: a quota of 5 calls/s, used in full, and no minimum poll
// interval.
#pragma once

#include <chrono>
#include <vector>

#include "plan/run.h"

namespace taskwatchd::plan {

inline std::vector<JobPlan> scenario_jobs(char scenario) {
  const auto jobs = [](std::uint32_t n, std::uint32_t tasks, double per_minute, Ms spread) {
    std::vector<JobPlan> plans;
    for (std::uint32_t i = 0; i < n; ++i) plans.push_back({tasks, per_minute, spread * i / n});
    return plans;
  };
  constexpr Ms kHour = 3'600'000;
  switch (scenario) {
    case 'A':
      return jobs(1, 1000, 100, 0);
    case 'B':
      return jobs(1, 10'000, 200, 0);
    case 'C':
      return jobs(1, 10'000, 1000, 0);
    case 'D':
      return jobs(20, 500, 50, kHour);
    case 'E':
      return jobs(1, 100'000, 1000, 0);
    default:
      return jobs(100, 1000, 100, 4 * kHour);
  }
}

inline constexpr double kQuota = 5;

inline AccountConfig full_quota(Pace pace = {.task = {}, .job = {}}) {
  AccountConfig account;
  account.name = "model";
  for (const Api api : kAllApis) account.quota[api] = kQuota;
  account.quota_share = 1;
  account.pace = pace;
  return account;
}

// Every task is explicit, and only QueryTask is allowed.
inline RunOptions query_task_alone() {
  RunOptions options;
  options.explicit_tasks = true;
  options.denied = {Api::kListTask, Api::kQueryJobStatistics, Api::kQueryJob, Api::kListJob};
  return options;
}

}  // namespace taskwatchd::plan
