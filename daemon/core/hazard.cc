#include "core/hazard.h"

#include <algorithm>
#include <cmath>

namespace taskwatchd {
namespace {

// Before anything is learned: a guess per status, worth this many seconds of watching.
constexpr std::array<double, 4> kPriorRate = {1.0 / 1800, 1.0 / 600, 1.0 / 300, 1.0 / 600};
constexpr double kPriorExposure = 600;

}  // namespace

std::size_t Hazard::state_index(TaskStatus status) {
  switch (status) {
    case TaskStatus::kQueued:
      return 0;
    case TaskStatus::kSent:
      return 1;
    case TaskStatus::kInProgress:
      return 2;
    case TaskStatus::kSucceeded:
    case TaskStatus::kFailed:
    case TaskStatus::kRejected:
    case TaskStatus::kTimedOut:
    case TaskStatus::kCancelled:
    case TaskStatus::kUnknown:
      return 3;
  }
  return 3;
}

double Hazard::bucket_start(std::size_t bucket) {
  return bucket == 0 ? 0 : std::ldexp(1.0, static_cast<int>(bucket) - 1);
}

Hazard::Hazard() {
  for (std::size_t state = 0; state < kStates; ++state) refresh(state);
}

void Hazard::learn(TaskStatus status, Duration from, Duration to, bool changed) {
  const double begin = std::max(0.0, seconds(from));
  const double end = std::max(begin, seconds(to));
  const std::size_t state = state_index(status);
  Table& table = tables_[state];
  for (std::size_t b = 0; b < kBuckets; ++b) {
    const double low = bucket_start(b);
    const bool last = b + 1 == kBuckets;
    const double high = last ? end + 1 : bucket_start(b + 1);
    const double inside = std::min(end, high) - std::max(begin, low);
    if (inside > 0) table.exposure[b] += inside;
    if (changed && end >= low && (last || end < high)) table.changes[b] += 1;
  }
  refresh(state);
}

void Hazard::refresh(std::size_t state) {
  Table& table = tables_[state];
  double sum = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    table.rate[b] = (table.changes[b] + kPriorRate[state] * kPriorExposure) /
                    (table.exposure[b] + kPriorExposure);
    table.cumulative[b] = sum;
    if (b + 1 < kBuckets) sum += (bucket_start(b + 1) - bucket_start(b)) * table.rate[b];
  }
}

double Hazard::cumulative(std::size_t state, double age) const {
  const Table& table = tables_[state];
  const int exponent = age < 1 ? -1 : std::ilogb(age);
  const std::size_t b = std::min(static_cast<std::size_t>(exponent + 1), kBuckets - 1);
  return table.cumulative[b] + (age - bucket_start(b)) * table.rate[b];
}

double Hazard::unseen_seconds(TaskStatus status, Duration seen, Duration now) const {
  const double begin = std::max(0.0, seconds(seen));
  const double end = std::max(begin, seconds(now));
  const double tau = end - begin;
  if (tau <= 0) return 0;
  const std::size_t state = state_index(status);
  const double grown = cumulative(state, end) - cumulative(state, begin);
  // Below 1e-4 the closed form loses all its digits; the first term of its series does not.
  if (grown < 1e-4) return tau * grown / 2;
  return tau + tau * std::expm1(-grown) / grown;
}

}  // namespace taskwatchd
