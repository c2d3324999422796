#include "plan/scenario.h"

#include <algorithm>

namespace taskwatchd::plan {
namespace {

struct Watched {
  std::uint32_t jobs = 0;
  std::uint32_t ids = 0;
  bool discovers = false;
};

Watched watched_by(const AccountConfig& account) {
  Watched watched;
  for (const InstanceConfig& instance : account.instances) {
    watched.jobs += static_cast<std::uint32_t>(instance.jobs.size());
    watched.jobs += instance.discover_jobs ? 1 : 0;
    watched.ids += static_cast<std::uint32_t>(instance.tasks.size());
    watched.discovers = watched.discovers || instance.discover_jobs;
  }
  return watched;
}

// Returns the i-th of n parts of `all`, as equal as integers allow.
std::uint32_t part(std::uint32_t all, std::size_t i, std::size_t n) {
  return static_cast<std::uint32_t>(all * (i + 1) / n - all * i / n);
}

void add_jobs(std::vector<JobPlan>& plans, std::uint32_t jobs, std::uint32_t tasks, bool named) {
  for (std::uint32_t i = 0; i < jobs; ++i) {
    const std::uint32_t some = part(tasks, i, jobs);
    if (some > 0) plans.push_back({some, kRolloutPerMinute, 0, named});
  }
}

}  // namespace

std::uint32_t Scenario::tasks() const {
  std::uint32_t sum = 0;
  for (const AccountScenario& one : accounts) {
    for (const JobPlan& job : one.jobs) sum += job.tasks;
  }
  return sum;
}

std::uint32_t Scenario::named() const {
  std::uint32_t sum = 0;
  for (const AccountScenario& one : accounts) {
    for (const JobPlan& job : one.jobs) sum += job.named ? job.tasks : 0;
  }
  return sum;
}

std::uint32_t Scenario::jobs() const {
  std::size_t sum = 0;
  for (const AccountScenario& one : accounts) sum += one.jobs.size();
  return static_cast<std::uint32_t>(sum);
}

Scenario scenario_of(const Config& config, const Request& request) {
  Scenario scenario;
  scenario.request = request;
  Watched all;
  for (const AccountConfig& account : config.accounts) {
    const Watched watched = watched_by(account);
    all.jobs += watched.jobs;
    all.ids += watched.ids;
    all.discovers = all.discovers || watched.discovers;
  }
  scenario.discovers = all.discovers;
  const bool by_flags = request.tasks || request.jobs;
  const bool nothing = all.jobs == 0 && all.ids == 0;
  const std::size_t accounts = config.accounts.size();
  std::uint32_t jobs_before = 0;
  for (std::size_t i = 0; i < accounts; ++i) {
    const Watched watched = watched_by(config.accounts[i]);
    std::vector<JobPlan> plans;
    if (by_flags || nothing) {
      const std::uint32_t jobs = request.jobs.value_or(1);
      const std::uint32_t tasks = request.tasks.value_or(std::max(kDefaultTasks, jobs));
      // Fewer jobs than accounts: each account gets one job.
      add_jobs(plans, std::max(1U, part(jobs, i, accounts)), part(tasks, i, accounts),
               all.jobs == 0 && all.ids > 0);
    } else {
      // The tasks are divided among the accounts in proportion to their jobs.
      const std::uint32_t tasks = std::max(kDefaultTasks, all.jobs);
      for (std::uint32_t job = 0; job < watched.jobs; ++job) {
        plans.push_back({part(tasks, jobs_before + job, all.jobs), kRolloutPerMinute, 0, false});
      }
      jobs_before += watched.jobs;
      if (watched.ids > 0) plans.push_back({watched.ids, kRolloutPerMinute, 0, true});
    }
    if (!plans.empty()) scenario.accounts.push_back({config.accounts[i], std::move(plans)});
  }
  return scenario;
}

}  // namespace taskwatchd::plan
