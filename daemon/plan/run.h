// Polls a modelled world on a virtual clock and measures how long each end goes unseen: with the
// very Account that the daemon runs, and with what one would write instead (round robin of
// QueryTask, a sweep of ListTask) or could not write (an oracle that knows the instants). One
// thread, no clock.
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

// Seconds from a task's end in the cloud to the reply that shows it, in no order. An end that no
// reply had shown when the run was over counts with the time until then: it took at least that.
struct Delays {
  std::vector<double> bad;  // FAILED, REJECTED, TIMED_OUT
  std::vector<double> all;
  std::vector<double> timed_out;
};

struct Result {
  Delays delays;
  std::map<Api, std::uint64_t> calls;
  Ms span = 0;                 // until the last end was seen, or the run was over
  std::size_t unseen = 0;      // ends that were not seen by then
  std::size_t unseen_bad = 0;  // of those
  std::size_t ahead = 0;       // tasks that had not ended by then
  Ms first_round = 0;          // until every task had been seen once; 0: never
  std::size_t transitions = 0;
  Traffic ours, others;              // as the cloud counted
  std::size_t most_in_a_second = 0;  // of our calls of one API, as they arrived
};

struct RunOptions {
  Duration rtt = std::chrono::milliseconds(60);      // a call reads the cloud halfway
  Ms until = 24LL * 3600 * 1000;                     // at the latest
  std::function<void(Ms now)> progress = [](Ms) {};  // now and then
  std::vector<Api> denied = {};                      // answered with Forbidden
  bool explicit_tasks = false;                       // every task is named by id, no job is watched
  Faults faults = {};                                // of the planner's cloud, and round robin's
};

// `account` gives quota, share and pace; its instances are replaced by one with the world's jobs,
// and with the tasks of those that are `named`.
Result run_planner(World& world, AccountConfig account, const RunOptions& options);

// `rate` in calls/s, evenly spaced. Round robin meets the faults, but for jitter; `quota` in
// calls/s is what the cloud allows, 0 without limit. The other two meet none.
Result run_round_robin(const World& world, double rate, double quota, const RunOptions& options);
Result run_sweep(World& world, double rate, const RunOptions& options);
Result run_oracle(const World& world, double rate, const RunOptions& options);

// The value below which `quantile` of them lie; 0 for none. Reorders `values`.
double quantile_of(std::vector<double>& values, double quantile);
double mean_of(const std::vector<double>& values);

}  // namespace taskwatchd::plan
