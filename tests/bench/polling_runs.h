// Runs bench_polling's worlds in parallel and collects their results.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <future>
#include <semaphore>
#include <string>
#include <thread>

#include "bench/polling_scenarios.h"

namespace taskwatchd::plan {

// The combined results of several seeds.
struct Sum {
  Delays delays;
  std::size_t lost = 0, lost_bad = 0;  // completions that no response showed
  Traffic ours, others;
  std::size_t most_in_a_second = 0;

  void add(const Result& result) {
    const auto append = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    append(delays.bad, result.delays.bad);
    append(delays.all, result.delays.all);
    append(delays.timed_out, result.delays.timed_out);
    lost += result.unseen;
    lost_bad += result.unseen_bad;
    ours += result.ours;
    others += result.others;
    most_in_a_second = std::max(most_in_a_second, result.most_in_a_second);
  }
};

// Runs independent worlds in parallel.
class Runs {
 public:
  using Run = std::function<Result(World&)>;

  explicit Runs(int threads)
      : free_(threads > 0 ? threads
                          : std::max(1, static_cast<int>(std::thread::hardware_concurrency()))) {}

  // Runs seeds 1 to `seeds` of the scenario one after the other, on a separate thread.
  std::shared_future<Sum> start(char scenario, const Life& life, Order order, int seeds, Run run) {
    auto all = [this, scenario, life, order, seeds, run = std::move(run)] {
      free_.acquire();
      Sum sum;
      for (int seed = 1; seed <= seeds; ++seed) {
        World world(scenario_jobs(scenario), life, order, static_cast<std::uint64_t>(seed));
        sum.add(run(world));
      }
      free_.release();
      return sum;
    };
    return std::async(std::launch::async, std::move(all)).share();
  }

 private:
  std::counting_semaphore<64> free_;
};

inline std::string number(double value) {
  return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

// Formats a figure with its goal. Sets `all_kept` to false if the goal is not met.
inline std::string held(double value, double goal, bool& all_kept) {
  const bool kept = value <= goal;
  all_kept = all_kept && kept;
  return fmt::format("{} ({}{:.4g})", number(value), kept ? "" : "**not** ", goal);
}

}  // namespace taskwatchd::plan
