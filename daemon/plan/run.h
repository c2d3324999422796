// Polls a modelled world on a virtual clock and measures how long each completion stays unobserved.
// Runs the same Account as the daemon, and for comparison: round robin of QueryTask, a sweep of
// ListTask, and an unattainable oracle that knows all completion times. One thread, no real clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "config/config.h"
#include "core/types/api.h"
#include "plan/faults.h"
#include "plan/gateway.h"
#include "plan/world.h"

namespace taskwatchd::plan {

// Seconds from a task's completion on the platform to the response that shows it, unordered. A
// completion not shown by the end of the run counts with the time until then, which is a lower
// bound.
struct Delays {
  std::vector<double> bad;  // FAILED, REJECTED, TIMED_OUT
  std::vector<double> all;
  std::vector<double> timed_out;
};

struct Result {
  Delays delays;
  std::map<Api, std::uint64_t> calls;
  Ms span = 0;                 // until the last completion was observed, or the run ended
  std::size_t unseen = 0;      // completions not observed by then
  std::size_t unseen_bad = 0;  // failures among them
  std::size_t ahead = 0;       // tasks that had not finished by then
  Ms first_round = 0;          // until every task had been observed once; 0: never
  std::size_t transitions = 0;
  Traffic ours, others;              // as counted by the platform
  std::size_t most_in_a_second = 0;  // of our calls of one API, by arrival time
};

struct RunOptions {
  Duration rtt = std::chrono::milliseconds(60);      // a call is executed after half of it
  Ms until = 24LL * 3600 * 1000;                     // latest end of the run
  std::function<void(Ms now)> progress = [](Ms) {};  // called occasionally
  std::vector<Api> denied = {};                      // these APIs fail with Forbidden
  bool explicit_tasks = false;                       // all tasks are explicit, no job is watched
  Faults faults = {};  // of the planner's platform, and of round robin's
};

// `account` gives quota, share and minimum poll interval. Its instances are replaced by one with
// the world's jobs, and with explicit tasks for the jobs that are `named`.
Result run_planner(World& world, AccountConfig account, const RunOptions& options);

// `rate` in calls per second, evenly spaced. Round robin is subject to the faults except jitter;
// `quota` is the platform's limit in calls per second, 0: none. The other two have no faults.
Result run_round_robin(const World& world, double rate, double quota, const RunOptions& options);
Result run_sweep(World& world, double rate, const RunOptions& options);
Result run_oracle(const World& world, double rate, const RunOptions& options);

// Returns the quantile of the values; 0 if there are none. Reorders `values`.
double quantile_of(std::vector<double>& values, double quantile);
double mean_of(const std::vector<double>& values);

}  // namespace taskwatchd::plan
