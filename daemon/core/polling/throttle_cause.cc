#include "core/polling/throttle_cause.h"

#include <algorithm>
#include <cmath>

namespace taskwatchd {
namespace {

constexpr double kFade = 0.99;    // per call
constexpr double kMinCalls = 25;  // before anything is concluded
constexpr double kMinThrottled = 2;
constexpr double kMinShare = 0.02;
constexpr double kMinRatio = 0.5;
// Above this share the rate is reduced whatever the comparison shows: too many calls are ours.
constexpr double kMaxShare = 0.09;
constexpr double kMargin = 1.2;
// Log-likelihood ratio of two different shares against one: chance exceeds it in 1 of 5 cases.
constexpr double kSameShare = 0.9;

double log_likelihood(double calls, double throttled, double share) {
  const double accepted = calls - throttled;
  return (throttled > 0 ? throttled * std::log(share) : 0) +
         (accepted > 0 ? accepted * std::log(1 - share) : 0);
}

}  // namespace

void ThrottleCause::Faded::add(ThrottleWindow::Count more) {
  const double fade = std::pow(kFade, static_cast<double>(more.calls));
  calls = calls * fade + static_cast<double>(more.calls);
  throttled = throttled * fade + static_cast<double>(more.throttled);
}

double ThrottleCause::difference(const Faded& a, const Faded& b) {
  const double common = (a.throttled + b.throttled) / (a.calls + b.calls);
  return log_likelihood(a.calls, a.throttled, a.share()) +
         log_likelihood(b.calls, b.throttled, b.share()) -
         log_likelihood(a.calls, a.throttled, common) -
         log_likelihood(b.calls, b.throttled, common);
}

bool ThrottleCause::add_below(bool throttled) {
  below_.add({1, throttled ? 1U : 0U});
  if (below_.calls < kMinCalls) return false;
  const bool helped = below_.throttled < kMinThrottled || below_.share() < kMinShare ||
                      below_.share() < above_.share() * kMinRatio ||
                      difference(above_, below_) > kSameShare;
  if (helped) {
    random_share_ = std::min(random_share_, below_.share());
    return false;
  }
  random_share_ = std::min(kMaxShare, below_.share() * kMargin);
  return true;
}

void ThrottleCause::confirm_share(double share) {
  if (share < random_share_ / 2) random_share_ = share;
}

double ThrottleCause::likely_share() const {
  // As if 30 calls with a share of 1 % had been seen before.
  return std::clamp((below_.throttled + 0.3) / (below_.calls + 30), random_share_, kMaxShare);
}

}  // namespace taskwatchd
