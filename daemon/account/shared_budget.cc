#include "account/shared_budget.h"

#include <algorithm>
#include <utility>

namespace taskwatchd {
namespace {

// Unless throttled calls confirm it, a found limit is dropped after this time: it may be gone.
constexpr Duration kReview = std::chrono::minutes(10);

// Shares of the APIs while all have calls ready. Statistics show that tasks finished and in which
// job; lists and single tasks show which.
double weight_of(Api api) {
  switch (api) {
    case Api::kQueryJobStatistics:
      return 2;
    case Api::kListTask:
      return 2.5;
    case Api::kQueryTask:
      return 1;
    case Api::kQueryJob:
    case Api::kListJob:
    case Api::kQueryDeviceDistributeJob:
    case Api::kQueryDeviceDistributeDetail:
      return 0.25;
  }
  return 1;
}

}  // namespace

void SharedBudget::configure(double quota, double share, Now now) {
  share_ = share;
  const bool was_named = std::exchange(named_, quota > 0);
  if (named_ || was_named) {
    common_.clear();
    found_ = 0;
  }
  if (named_ || (limiter_ && !was_named)) {
    const double limit = named_ ? quota : static_cast<double>(found_);
    if (limiter_) {
      limiter_->configure(limit, share);
    } else {
      limiter_.emplace(limit, share, now.mono);
    }
  } else {
    limiter_.reset();
    departing_.reset();
  }
}

std::optional<std::size_t> SharedBudget::detect_limit(Mono now) {
  if (limiter_) return std::nullopt;
  if (found_ > 0 && common_.contradicts(found_)) found_ = 0;
  if (found_ == 0 || !common_.confirms(found_)) {
    const auto limit = common_.find();
    if (!limit) return std::nullopt;
    found_ = *limit;
  }
  limiter_.emplace(static_cast<double>(found_), share_, now);
  limiter_->restart(now + CommonQuota::kWindow);
  review_at_ = now + kReview;
  return found_;
}

void SharedBudget::review(Mono now) {
  if (named_ || !limiter_ || now < review_at_) return;
  common_.forget_samples();
  limiter_.reset();
  departing_.reset();
}

Mono SharedBudget::next() const {
  if (!in_use()) return Mono::min();
  if (!departing_) return limiter_->next();
  return named_ ? Mono::max() : std::max(limiter_->next(), departing_since_ + kDepartureWait);
}

double SharedBudget::start_of(Api api) const {
  const auto found = finish_.find(api);
  return found == finish_.end() ? virtual_ : std::max(virtual_, found->second);
}

double SharedBudget::turn_of(Api api, bool urgent) const {
  return urgent ? virtual_ - 1 : start_of(api);
}

void SharedBudget::on_sent(const Call& call, Mono now) {
  if (!in_use()) return;
  departing_ = call.number;
  departing_since_ = now;
  const double start = start_of(call.api);
  virtual_ = start;
  finish_[call.api] = start + 1 / (weight_of(call.api) * call.weight);
}

void SharedBudget::on_departure(std::uint64_t call, Api api, Mono now) {
  if (in_use()) limiter_->sent(now);
  if (!named_) common_.on_departure(call, api, now);
  if (departing_ == call) departing_.reset();
}

void SharedBudget::on_end(std::uint64_t call, std::optional<bool> throttled) {
  common_.on_end(call, throttled);
  if (departing_ == call) departing_.reset();
}

void SharedBudget::on_accepted(Mono departed, Mono now) {
  if (in_use()) limiter_->on_accepted(departed, now);
}

void SharedBudget::on_throttled(Mono departed, Mono now) {
  if (in_use()) limiter_->on_throttled(departed, now);
}

}  // namespace taskwatchd
