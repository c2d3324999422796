#include "core/tracking/blind.h"

#include <utility>

namespace taskwatchd {

void BlindWatch::open(Now now, std::vector<std::string> unfinished) {
  // An account whose tasks are all finished is polled once a minute: nothing was missed.
  if (unfinished.empty()) return;
  total_seconds_ += taskwatchd::seconds(now.mono - last_success_mono_);
  opened_ = now.mono;
  if (open_) {
    open_->until = now.wall;  // a new gap before all tasks were polled again: one report
  } else {
    open_ = BlindInterval{.since = *last_success_, .until = now.wall};
  }
  for (std::string& id : unfinished) waiting_.insert(std::move(id));
}

void BlindWatch::transition(Wall modified) {
  if (open_ && modified > open_->since && modified <= open_->until) ++open_->transitions;
}

std::optional<BlindInterval> BlindWatch::take(Now now) {
  if (!open_) return std::nullopt;
  if (!waiting_.empty() && now.mono - opened_ < kReportWithin) return std::nullopt;
  waiting_.clear();
  return std::exchange(open_, std::nullopt);
}

double BlindWatch::seconds(Now now, bool any_unfinished) const {
  const Duration gap = now.mono - last_success_mono_;
  const bool blind = any_unfinished && last_success_ && gap > gap_;
  return total_seconds_ + (blind ? taskwatchd::seconds(gap) : 0);
}

}  // namespace taskwatchd
