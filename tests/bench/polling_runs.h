// Runs of bench_polling side by side, and the figures that they come to.
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

// Several seeds together.
struct Sum {
  Delays delays;
  std::size_t lost = 0, lost_bad = 0;  // ends that no reply showed
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

// Runs that do not wait for one another; each has a world of its own.
class Runs {
 public:
  using Run = std::function<Result(World&)>;

  explicit Runs(int threads)
      : free_(threads > 0 ? threads
                          : std::max(1, static_cast<int>(std::thread::hardware_concurrency()))) {}

  // The scenario from seeds 1 to `seeds`, one after the other.
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

// A figure beside its goal.
inline std::string held(double value, double goal, bool& all_kept) {
  const bool kept = value <= goal;
  all_kept = all_kept && kept;
  return fmt::format("{} ({}{:.4g})", number(value), kept ? "" : "**not** ", goal);
}

}  // namespace taskwatchd::plan
