#include "core/forecast/forecast_flow.h"

#include <algorithm>
#include <cmath>

namespace taskwatchd {
namespace {

constexpr double kFallSigmas = 2;

constexpr double rise(std::uint32_t from, std::uint32_t to) {
  return to > from ? to - from : 0;  // a rerun reduces the count
}

std::uint32_t finished_of(const JobStatistics& statistics) {
  std::uint32_t sum = 0;
  for (const TaskStatus status : kAllTaskStatuses) {
    if (is_finished(status)) sum += count_of(statistics.tasks, status);
  }
  return sum;
}

}  // namespace

void TailHazard::add(double exposure, double events) {
  open_ += exposure;
  if (events <= 0) return;
  batches_.push_back({static_cast<float>(open_), static_cast<float>(events)});
  events_ += events;
  exposure_ += open_;
  ever_ += events;
  open_ = 0;
  while (events_ - static_cast<double>(batches_.front().events) >= kWindow) {
    events_ -= static_cast<double>(batches_.front().events);
    exposure_ -= static_cast<double>(batches_.front().exposure);
    batches_.pop_front();
  }
}

bool TailHazard::falls() const {
  double events = 0;
  double exposure = 0;
  for (const Batch& batch : batches_) {
    if (events + static_cast<double>(batch.events) > events_ / 2) break;
    events += static_cast<double>(batch.events);
    exposure += static_cast<double>(batch.exposure);
  }
  const double later = events_ - events;
  const double later_exposure = exposure_ + open_ - exposure;
  if (events <= 0 || later <= 0 || exposure <= 0 || later_exposure <= 0) return false;
  // The logarithm of an estimated rate has the variance 1 / events.
  const double fall = std::log(events / exposure) - std::log(later / later_exposure);
  return fall > kFallSigmas * std::sqrt(1 / events + 1 / later);
}

void Flow::take(const JobStatistics& now, Mono at) {
  const std::uint32_t queue =
      now.total - std::min(now.total, count_of(now.tasks, TaskStatus::kQueued));
  const std::uint32_t sent = count_of(now.tasks, TaskStatus::kSent);
  const Passed passed{at, queue, queue - std::min(queue, sent)};
  if (past_.empty()) {
    past_.push_back(passed);
    last_inflow_ = at;
    last_ = now;
    last_at_ = at;
    return;
  }
  if (at <= last_at_) return;
  const double span = seconds(at - last_at_);
  const Passed before = past_.back();
  if (passed.queue != before.queue) last_inflow_ = at;
  if (quiet_ && last_inflow_ < at) {
    // Tasks cancelled while SENT did not start; those cancelled later cost one event each.
    const double cancelled = rise(count_of(last_.tasks, TaskStatus::kCancelled),
                                  count_of(now.tasks, TaskStatus::kCancelled));
    const double started = rise(before.start, passed.start) - cancelled;
    const double mean = (this->sent() + static_cast<double>(sent)) / 2;
    tail_.add(mean * span, std::max(0.0, started));
  }
  quiet_ = at - last_inflow_ >= kQuick;
  ended_ += rise(finished_of(last_), finished_of(now));
  running_seconds_ += running() * span / 2;
  last_ = now;
  running_seconds_ += running() * span / 2;
  last_at_ = at;
  // The newest entry is overwritten until it is far enough from the one before it.
  if (past_.size() >= 2 && past_.back().at - past_[past_.size() - 2].at < kSpacing) {
    past_.back() = passed;
  } else {
    past_.push_back(passed);
    if (past_.size() > kKept) past_.pop_front();
  }
}

std::uint32_t Flow::running() const {
  return count_of(last_.tasks, TaskStatus::kInProgress) +
         count_of(last_.tasks, TaskStatus::kUnknown);
}

std::uint32_t Flow::finished() const {
  return finished_of(last_);
}

std::optional<double> Flow::rollout() const {
  if (past_.size() < 2) return std::nullopt;
  // Excludes the wait before the rollout began.
  const auto moved = std::find_if(past_.begin(), past_.end(), [this](const Passed& passed) {
    return passed.queue != past_.front().queue;
  });
  if (moved == past_.end()) return 0;
  const Passed& begin = *(moved - 1);
  return rise(begin.queue, past_.back().queue) / seconds(past_.back().at - begin.at);
}

double Flow::sent_lately() const {
  if (past_.empty()) return 0;
  const auto old = std::find_if(past_.rbegin(), past_.rend(), [this](const Passed& passed) {
    return past_.back().at - passed.at >= kQuick;
  });
  // The history is too short: all of them may have been sent recently.
  return old == past_.rend() ? past_.back().queue : rise(old->queue, past_.back().queue);
}

Duration Flow::begun_within(double count) const {
  if (past_.empty()) return Duration::zero();
  const auto old = std::find_if(past_.rbegin(), past_.rend(), [&](const Passed& passed) {
    return rise(passed.start, past_.back().start) >= count;
  });
  return past_.back().at - (old == past_.rend() ? past_.front().at : old->at);
}

}  // namespace taskwatchd
