// What a modelled run came to, as text for people and as JSON for programs. Pure.
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

// Of delays in seconds; all absent if there was none.
struct Spread {
  std::size_t count = 0;
  std::optional<double> mean, p50, p99;
};
Spread spread_of(std::vector<double> delays);

// How many delays lie in each of the chart's rows.
inline constexpr std::array<double, 11> kRowEnds = {0.25, 0.5, 1,   2.5,  5,   10,
                                                    30,   60,  300, 1800, 1e12};
std::array<std::size_t, kRowEnds.size()> rows_of(const std::vector<double>& delays);

struct ApiUse {
  double calls_per_second = 0;  // on average over the run
  double quota = 0;             // of all accounts, in calls/s
};

struct Report {
  std::uint32_t tasks = 0, named = 0, jobs = 0, accounts = 0;
  bool discovers = false;
  std::uint64_t seed = 1;
  Order order = Order::kId;
  bool worse_of_two = false;  // the order was not asked for: the worse of id and oldest
  Duration rtt{};
  Faults faults = {};
  bool shared_quota = false;
  double failing_tasks = Life{}.failed;
  Ms span = 0;                 // simulated, of the longest account
  std::size_t unseen = 0;      // ends that no reply had shown by then
  std::size_t unseen_bad = 0;  // of those
  std::size_t ahead = 0;       // tasks that had not ended by then
  std::map<Api, ApiUse> apis;
  double refused_ratio = 0;          // of our calls, answered throttled
  std::size_t most_in_a_second = 0;  // calls of one API of one account, as they arrived
  Spread bad, all;
  std::array<std::size_t, kRowEnds.size()> bad_rows{}, all_rows{};
  Spread robin_bad, robin_all;     // round robin of QueryTask in the same world
  std::optional<Ms> first_round;   // until every task had been seen once
  std::uint64_t series = 0;        // of tasks and jobs, when the modelled jobs have ended
  std::uint64_t series_worst = 0;  // when every task is bad
  std::optional<Duration> bound;   // bounds.detection_delay
  bool bounds_kept = true;         // p99 of bad is within it
};

// Series of tasks and jobs under the configuration's policy and limits, with `bad` bad tasks.
std::uint64_t series_of(const Config& config, const Scenario& scenario, std::size_t bad);

std::string text(const Report& report);
std::string json(const Report& report);  // one line

}  // namespace taskwatchd::plan
