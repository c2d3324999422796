// Monitoring gaps: times without polling an account though tasks were unfinished, because the
// daemon was down or no response succeeded for 60 s (longer for long poll intervals). A gap is
// reported once every task was polled again. No I/O.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/types/time.h"

namespace taskwatchd {

struct BlindInterval {
  Wall since;
  Wall until;
  std::uint64_t transitions = 0;  // that happened in the gap and were found afterwards
};

class BlindWatch {
 public:
  // `alive`: the last stored success; nullopt on the very first start.
  void restore(std::optional<Wall> alive, Now now) {
    last_success_ = alive;
    // Nothing ran while the daemon was down, so only the wall clock can measure that gap.
    if (alive)
      last_success_mono_ = now.mono - std::max(Duration::zero(), Duration(now.wall - *alive));
  }

  // The longest time for which an item is not polled in normal operation.
  void set_pace(Duration longest) { gap_ = std::max(kGap, 2 * longest); }

  // A response for `task_id` succeeded. `unfinished` returns the tasks that were unfinished before
  // it; called only at the end of a gap, so that the common case costs nothing.
  template <typename UnfinishedTasks>
  void good(const std::string& task_id, Now now, UnfinishedTasks unfinished) {
    if (last_success_ && now.mono - last_success_mono_ > gap_) open(now, unfinished());
    last_success_ = now.wall;
    last_success_mono_ = now.mono;
    if (open_) waiting_.erase(task_id);
  }
  void transition(Wall modified);
  void forget(const std::string& task_id) { waiting_.erase(task_id); }

  // Returns the gap whose tasks have all been polled again, once.
  std::optional<BlindInterval> take(Now now);
  // Total time of all gaps, including the current one if tasks are unfinished.
  double seconds(Now now, bool any_unfinished) const;
  std::optional<Wall> last_success() const { return last_success_; }

 private:
  static constexpr Duration kGap = std::chrono::seconds(60);
  // Even if not all tasks were polled again, the report is delayed no longer than this.
  static constexpr Duration kReportWithin = std::chrono::minutes(10);

  void open(Now now, std::vector<std::string> unfinished);

  Duration gap_ = kGap;
  std::optional<Wall> last_success_;
  Mono last_success_mono_;
  Mono opened_;
  std::optional<BlindInterval> open_;
  std::unordered_set<std::string> waiting_;  // to be polled again
  double total_seconds_ = 0;
};

}  // namespace taskwatchd
