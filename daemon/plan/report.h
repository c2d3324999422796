// The result of a simulation, as human-readable text and as JSON. No I/O.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/types/api.h"
#include "plan/run.h"
#include "plan/scenario.h"

namespace taskwatchd::plan {

// Statistics of delays in seconds; all absent if there are no delays.
struct Spread {
  std::size_t count = 0;
  std::optional<double> mean, p50, p99;
};
Spread spread_of(std::vector<double> delays);

// Upper ends of the rows of the delay histogram.
inline constexpr std::array<double, 11> kRowEnds = {0.25, 0.5, 1,   2.5,  5,   10,
                                                    30,   60,  300, 1800, 1e12};
std::array<std::size_t, kRowEnds.size()> rows_of(const std::vector<double>& delays);

struct ApiUse {
  double calls_per_second = 0;  // average of the run
  double quota = 0;             // of all accounts, in calls per second
};

struct Report {
  std::uint32_t tasks = 0, named = 0, jobs = 0, accounts = 0;
  bool discovers = false;
  std::uint64_t seed = 1;
  Order order = Order::kId;
  bool worse_of_two = false;  // no order was specified: the worse of id and oldest
  Duration rtt{};
  Faults faults = {};
  bool shared_quota = false;
  double failing_tasks = Life{}.failed;
  Ms span = 0;                 // simulated time of the longest account
  std::size_t unseen = 0;      // completions that no response had shown by the end of the run
  std::size_t unseen_bad = 0;  // failures among them
  std::size_t ahead = 0;       // tasks that had not finished by then
  std::map<Api, ApiUse> apis;
  double refused_ratio = 0;          // throttled fraction of our calls
  std::size_t most_in_a_second = 0;  // calls of one API of one account, by arrival time
  Spread bad, all;
  std::array<std::size_t, kRowEnds.size()> bad_rows{}, all_rows{};
  Spread robin_bad, robin_all;     // round robin of QueryTask in the same world
  std::optional<Ms> first_round;   // until every task had been observed once
  std::uint64_t series = 0;        // of tasks and jobs, once the modelled jobs have finished
  std::uint64_t series_worst = 0;  // if every task fails
  std::optional<Duration> bound;   // bounds.detection_delay
  bool bounds_kept = true;         // the p99 of failures is within it
};

// Returns the number of series of tasks and jobs under the configuration's policy and limits, with
// `bad` failed tasks.
std::uint64_t series_of(const Config& config, const Scenario& scenario, std::size_t bad);

std::string text(const Report& report);
std::string json(const Report& report);  // one line

}  // namespace taskwatchd::plan
