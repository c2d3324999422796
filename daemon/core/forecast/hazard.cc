#include "core/forecast/hazard.h"

#include <algorithm>
#include <cmath>

namespace taskwatchd {
namespace {

// Priors: a guessed rate per status, weighted like this many seconds of observation.
constexpr std::array<double, 4> kPriorRate = {1.0 / 1800, 1.0 / 600, 1.0 / 300, 1.0 / 600};
constexpr double kPriorBad = 0.06;  // of all completions
constexpr double kPriorExposure = 600;
constexpr double kBadWeight = 10;  // weight of a failure; other completions count 1
constexpr double kSurely = 30;     // e^-30: it has certainly finished

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

Hazard::Hazard() {
  groups_.emplace_back();
  for (std::size_t state = 0; state < kStates; ++state) refresh(kPooled, state);
}

Hazard::Group Hazard::add_group() {
  Group group = kPooled;
  if (!free_.empty()) {
    group = free_.back();
    free_.pop_back();
  } else if (groups_.size() > kGroups) {
    return kPooled;
  } else {
    groups_.emplace_back();
    group = static_cast<Group>(groups_.size() - 1);
  }
  for (std::size_t state = 0; state < kStates; ++state) {
    for (Bucket& bucket : groups_[group][state]) bucket = {};
    refresh(group, state);
  }
  return group;
}

void Hazard::remove_group(Group group) {
  if (group != kPooled) free_.push_back(group);
}

void Hazard::learn(Group group, TaskStatus status, Duration from, Duration to, Fate fate) {
  const double begin = std::max(0.0, seconds(from));
  const double end = std::max(begin, seconds(to));
  const std::size_t state = state_index(status);
  const auto add = [&](Group to_group) {
    Table& table = groups_[to_group][state];
    for (std::size_t b = 0; b < Ages::kBuckets; ++b) {
      const double low = Ages::start(b);
      const bool last = b + 1 == Ages::kBuckets;
      const double high = last ? end + 1 : Ages::start(b + 1);
      const double inside = std::min(end, high) - std::max(begin, low);
      if (inside > 0) table[b].exposure += inside;
      const bool here = end >= low && (last || end < high);
      if (here && fate != Fate::kNotEnded) table[b].ends += 1;
      if (here && fate == Fate::kEndedBad) table[b].bad_ends += 1;
    }
    refresh(to_group, state);
  };
  add(kPooled);
  if (group != kPooled) add(group);
}

// A job's tables start as copies of the pooled ones.
void Hazard::refresh(Group group, std::size_t state) {
  Table& table = groups_[group][state];
  const Table& pooled = groups_[kPooled][state];
  double sum = 0, weighted = 0, twice = 0;
  for (std::size_t b = 0; b < Ages::kBuckets; ++b) {
    const double rate = group == kPooled ? kPriorRate[state] : pooled[b].rate;
    const double weighted_rate =
        group == kPooled ? rate * (1 + (kBadWeight - 1) * kPriorBad) : pooled[b].weighted_rate;
    Bucket& bucket = table[b];
    const double watched = bucket.exposure + kPriorExposure;
    bucket.rate = (bucket.ends + rate * kPriorExposure) / watched;
    const double weight = bucket.ends + (kBadWeight - 1) * bucket.bad_ends;
    bucket.weighted_rate = (weight + weighted_rate * kPriorExposure) / watched;
    bucket.sum = sum;
    bucket.weighted_sum = weighted;
    bucket.sum_of_sums = twice;
    if (b + 1 == Ages::kBuckets) break;
    const double width = Ages::width(b);
    twice += sum * width + bucket.rate * width * width / 2;
    sum += bucket.rate * width;
    weighted += bucket.weighted_rate * width;
  }
}

Hazard::Integrals Hazard::integrals(const Table& table, double age) {
  const std::size_t b = Ages::bucket(age);
  const Bucket& bucket = table[b];
  const double inside = age - Ages::start(b);
  return {bucket.sum + inside * bucket.rate, bucket.weighted_sum + inside * bucket.weighted_rate,
          bucket.sum_of_sums + inside * (bucket.sum + inside * bucket.rate / 2)};
}

double Hazard::priority(Group group, TaskStatus status, Duration seen, Duration now) const {
  const double begin = std::max(0.0, seconds(seen));
  const double end = std::max(begin, seconds(now));
  const double tau = end - begin;
  if (tau <= 0) return 0;
  const Table& table = groups_[group][state_index(status)];
  const Integrals low = integrals(table, begin);
  const Integrals high = integrals(table, end);
  // The rate as if it were constant, with the same mean of its integral.
  const double grown = 2 * ((high.twice - low.twice) / tau - low.rate);
  const double bad = (high.weighted - low.weighted) / (high.rate - low.rate);
  // Below 1e-4 the closed form loses all its digits; uses the first term of its series.
  if (grown < 1e-4) return bad * std::max(0.0, tau * grown / 2);
  const double bounded = std::min(grown, kSurely);
  return bad * tau * (std::expm1(bounded) / bounded - 1);
}

}  // namespace taskwatchd
