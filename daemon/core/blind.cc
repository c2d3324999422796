#include "core/blind.h"

#include <utility>

namespace taskwatchd {

void BlindWatch::open(Wall now, std::vector<std::string> unfinished) {
  // The heartbeat of an account whose tasks are all finished comes once a minute: nothing was
  // missed.
  if (unfinished.empty()) return;
  total_seconds_ += unix_seconds(now) - unix_seconds(*last_good_);
  if (open_) {
    open_->until = now;  // blind again before the last one was looked through: one report
  } else {
    open_ = BlindInterval{.since = *last_good_, .until = now};
  }
  for (std::string& id : unfinished) waiting_.insert(std::move(id));
}

void BlindWatch::transition(Wall modified) {
  if (open_ && modified > open_->since && modified <= open_->until) ++open_->transitions;
}

std::optional<BlindInterval> BlindWatch::take(Wall now) {
  if (!open_) return std::nullopt;
  if (!waiting_.empty() && now - open_->until < kReportWithin) return std::nullopt;
  waiting_.clear();
  return std::exchange(open_, std::nullopt);
}

double BlindWatch::seconds(Wall now, bool any_unfinished) const {
  const bool blind = any_unfinished && last_good_ && now - *last_good_ > kGap;
  return total_seconds_ + (blind ? unix_seconds(now) - unix_seconds(*last_good_) : 0);
}

}  // namespace taskwatchd
