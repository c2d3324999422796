// - If more calls are throttled than chance explains, the rate is reduced in proportion to their
//   share, at most once per round trip, because calls sent before the reduction do not count.
// - The rate that was too high is the ceiling. Below it, bisection finds the highest rate that
//   works. From time to time a probe exceeds it: one throttled call ends the probe, otherwise the
//   rate rises to the full rate in growing steps.
// - If calls below the ceiling are throttled just as much, our rate is not the cause: it returns.
#include "core/polling/limiter.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace taskwatchd {
namespace {

// Spacing of exactly 1/rate is the worst case for a sliding window: one call in seven was throttled
// in simulation. 5 ms more costs 2.4 % of a quota of 5 calls/s and keeps throttling below 0.1 %.
constexpr Duration kGuard = std::chrono::milliseconds(5);
constexpr double kFloor = 0.5;            // calls/s
constexpr double kToleratedShare = 0.03;  // share of throttled calls

// Weights of the evidence (excess_weight) that too many calls are throttled.
constexpr double kSuddenWeight = 4.2;  // 2 of 3 calls, 3 of 10: other programs have started
constexpr double kSteadyWeight = 1;    // 6 of the last 100
constexpr double kRiseWeight = 2;      // 1 of the first calls
constexpr std::size_t kMinSudden = 2;
constexpr std::size_t kMinSteady = 4;

constexpr double kShrink = 4;  // calls: few calls say little about the share
constexpr double kMinCut = 0.1;
constexpr double kMaxCut = 0.6;
constexpr std::size_t kCallsBeforeCut = 40;  // to measure by how much the rate is too high

constexpr double kNearCeiling = 1.06;  // closer rates are not tried until the next probe
constexpr double kFirstGrowth = 1.05;
constexpr double kMoreGrowth = 0.1;
constexpr double kMaxGrowth = 1.5;
// The platform's window plus a margin; a rate is stable after two of them.
constexpr Duration kStep = std::chrono::milliseconds(1100);
constexpr Duration kSettle = std::chrono::milliseconds(2200);
// From all quota used by others to the full rate: the wait for a probe, and its steps.
constexpr Duration kRecovery = std::chrono::seconds(29);
constexpr Duration kMinWait = std::chrono::seconds(10);
constexpr std::size_t kCallsToConfirm = 60;

}  // namespace

Limiter::Limiter(double quota, double share, Mono now)
    : configured_(quota * share),
      rate_(configured_),
      settled_(configured_),
      growth_(kFirstGrowth),
      last_sent_(now),
      stepped_at_(now) {}

void Limiter::configure(double quota, double share) {
  const bool full = rate_ >= configured_;
  configured_ = quota * share;
  rate_ = full ? configured_ : std::min(rate_, configured_);
  settled_ = full ? configured_ : std::min(settled_, configured_);
}

void Limiter::restart(Mono until) {
  const Mono last_sent = last_sent_;
  const Mono backoff_until = backoff_until_;
  *this = Limiter(configured_, 1, until);
  last_sent_ = last_sent;
  backoff_until_ = backoff_until;
  fell_at_ = until;
}

Duration Limiter::gap() const {
  return from_seconds(1.0 / rate_) + kGuard;
}

Mono Limiter::next() const {
  if (!in_use()) return Mono::max();
  return std::max(last_sent_ + gap(), backoff_until_);
}

void Limiter::sent(Mono departed) {
  assert(in_use() && departed >= last_sent_);
  last_sent_ = departed;
}

void Limiter::back_off_until(Mono when) {
  backoff_until_ = std::max(backoff_until_, when);
}

double Limiter::expected_share() const {
  return std::max(kToleratedShare, cause_.random_share());
}

void Limiter::on_accepted(Mono departed, Mono now) {
  if (!in_use() || departed <= fell_at_) return;
  window_.add(departed, false, now);
  if (departed > stepped_at_) ++stepped_.calls;
  if (rising()) ++risen_.calls;
  learn(departed, false);
  rise(departed, now);
}

void Limiter::on_throttled(Mono departed, Mono now) {
  if (!in_use() || departed <= fell_at_) return;
  window_.add(departed, true, now);
  if (rising() && rise_fails(departed)) {
    cause_.add_above(risen_);
    return fall_to(settled_, now);
  }
  const double expected = expected_share();
  const auto sudden = window_.excess(expected);
  if (sudden.count.throttled >= kMinSudden && sudden.weight > kSuddenWeight) {
    return cut(sudden.count, now);
  }
  const auto all = window_.all();
  if (all.throttled >= kMinSteady && excess_weight(all, expected) > kSteadyWeight) {
    return cut(all, now);
  }
  learn(departed, true);
}

bool Limiter::rise_fails(Mono departed) {
  ++risen_.calls;
  ++risen_.throttled;
  if (departed > stepped_at_) {
    ++stepped_.calls;
    ++stepped_.throttled;
  }
  const double likely = cause_.likely_share();
  return excess_weight(risen_, likely) > kRiseWeight ||
         excess_weight(stepped_, likely) > kRiseWeight;
}

void Limiter::cut(ThrottleWindow::Count count, Mono now) {
  cause_.add_above(window_.last(kCallsBeforeCut));
  window_.clear();
  const double share =
      static_cast<double>(count.throttled) / (static_cast<double>(count.calls) + kShrink);
  fall_to(rate_ * (1 - std::clamp(share, kMinCut, kMaxCut)), now);
}

void Limiter::fall_to(double rate, Mono now) {
  ceiling_ = rate_;
  set_rate(rate, now);
  settled_ = rate_;
  risen_ = {};
  fell_at_ = now;
  probe_at_ = now + until_probe();
  growth_ = kFirstGrowth;
}

void Limiter::set_rate(double rate, Mono now) {
  rate_ = std::clamp(rate, std::min(kFloor, configured_), configured_);
  stepped_at_ = now;
  stepped_ = {};
}

void Limiter::learn(Mono departed, bool throttled) {
  if (rising()) return;
  if (ceiling_ == kNone) {
    const auto all = window_.all();
    if (all.calls >= kCallsToConfirm) cause_.confirm_share(all.share());
    return;
  }
  if (departed < fell_at_ + kSettle) return;  // the window still counts calls before the reduction
  if (cause_.add_below(throttled)) ceiling_ = kNone;
}

void Limiter::rise(Mono departed, Mono now) {
  if (departed <= stepped_at_) return;
  if (rising() && now - stepped_at_ >= kSettle && stepped_.calls >= 2) {
    if (rate_ >= ceiling_) {
      cause_.add_above(risen_);
      ceiling_ = kNone;
    }
    settled_ = rate_;
    risen_ = {};
  }
  if (rate_ >= configured_ || now - stepped_at_ < kStep) return;
  const double rate = next_rate(now);
  if (rate > rate_) set_rate(rate, now);
}

double Limiter::next_rate(Mono now) {
  const Duration unchanged = now - stepped_at_;
  if (unchanged >= kRecovery) return configured_;  // too few calls: what was learned is too old
  if (rate_ < ceiling_ && ceiling_ != kNone && now < probe_at_) {
    const bool near = ceiling_ < rate_ * kNearCeiling;
    return near || unchanged < kSettle ? rate_ : std::sqrt(rate_ * ceiling_);
  }
  const double rate = rate_ * growth_;
  growth_ = std::min(kMaxGrowth, growth_ + kMoreGrowth);
  return rate;
}

Duration Limiter::until_probe() const {
  Duration steps{};
  double growth = kFirstGrowth;
  for (double rate = rate_; rate < configured_; rate *= growth) {
    steps += std::max(kStep, from_seconds(1 / rate));
    growth = std::min(kMaxGrowth, growth + kMoreGrowth);
  }
  return std::max(kMinWait, kRecovery - steps);
}

}  // namespace taskwatchd
