#include "account/shared_budget.h"

#include <algorithm>

namespace taskwatchd {
namespace {

// Shares of the APIs while all have calls ready. The statistics find out that something ended and
// where; lists and single tasks find what.
double weight_of(Api api) {
  switch (api) {
    case Api::kQueryJobStatistics:
      return 2;
    case Api::kListTask:
      return 2;
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
  if (quota <= 0) {
    limiter_.reset();
    departing_.reset();
  } else if (limiter_) {
    limiter_->configure(quota, share);
  } else {
    limiter_.emplace(quota, share, now.mono);
  }
}

Mono SharedBudget::next() const {
  if (!in_use()) return Mono::min();
  return departing_ ? Mono::max() : limiter_->next();
}

double SharedBudget::start_of(Api api) const {
  const auto found = finish_.find(api);
  return found == finish_.end() ? virtual_ : std::max(virtual_, found->second);
}

double SharedBudget::turn_of(Api api, bool urgent) const {
  return urgent ? virtual_ - 1 : start_of(api);
}

void SharedBudget::on_sent(std::uint64_t call, Api api) {
  if (!in_use()) return;
  departing_ = call;
  const double start = start_of(api);
  virtual_ = start;
  finish_[api] = start + 1 / weight_of(api);
}

void SharedBudget::on_departure(std::uint64_t call, Mono now) {
  if (in_use()) limiter_->sent(now);
  if (departing_ == call) departing_.reset();
}

void SharedBudget::on_end(std::uint64_t call) {
  if (departing_ == call) departing_.reset();
}

void SharedBudget::on_accepted(Mono departed, Mono now) {
  if (in_use()) limiter_->on_accepted(departed, now);
}

void SharedBudget::on_throttled(Mono departed, Mono now) {
  if (in_use()) limiter_->on_throttled(departed, now);
}

}  // namespace taskwatchd
