// Time in which an account was not watched though tasks were unfinished: the daemon was down, or
// no good reply came for 60 s (for longer, where the pace itself is slower). Ends with a report
// once every task was looked at again. Pure.
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
  std::uint64_t transitions = 0;  // found afterwards, that happened in it
};

class BlindWatch {
 public:
  // `alive` is the last good reply that the store knows of; nothing on the very first start.
  void restore(std::optional<Wall> alive, Now now) {
    last_good_ = alive;
    // Nothing ran while the daemon was down, so only the wall clock can measure that gap.
    if (alive) last_good_mono_ = now.mono - std::max(Duration::zero(), Duration(now.wall - *alive));
  }

  // The longest that one thing goes unasked when all is well.
  void set_pace(Duration longest) { gap_ = std::max(kGap, 2 * longest); }

  // A good reply for `task_id` came. `unfinished` are the tasks that were so before it, asked for
  // only when an interval begins to end (so that the common case costs nothing).
  template <typename UnfinishedTasks>
  void good(const std::string& task_id, Now now, UnfinishedTasks unfinished) {
    if (last_good_ && now.mono - last_good_mono_ > gap_) open(now, unfinished());
    last_good_ = now.wall;
    last_good_mono_ = now.mono;
    if (open_) waiting_.erase(task_id);
  }
  void transition(Wall modified);
  void forget(const std::string& task_id) { waiting_.erase(task_id); }

  // The interval that has just been looked through, once.
  std::optional<BlindInterval> take(Now now);
  // All blind time so far, the running one included if tasks are unfinished.
  double seconds(Now now, bool any_unfinished) const;
  std::optional<Wall> last_good() const { return last_good_; }

 private:
  static constexpr Duration kGap = std::chrono::seconds(60);
  // Looked through or not, the report waits no longer than this.
  static constexpr Duration kReportWithin = std::chrono::minutes(10);

  void open(Now now, std::vector<std::string> unfinished);

  Duration gap_ = kGap;
  std::optional<Wall> last_good_;
  Mono last_good_mono_;
  Mono opened_;
  std::optional<BlindInterval> open_;
  std::unordered_set<std::string> waiting_;  // to be looked at again
  double total_seconds_ = 0;
};

}  // namespace taskwatchd
