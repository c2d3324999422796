#include "core/forecast/life_table.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace taskwatchd {
namespace {

constexpr double kPriorEvents = 0.5;
constexpr double kGuessEvents = 3;

}  // namespace

void LifeTable::stay(double from, double to) {
  from = std::max(0.0, from);
  if (!(to > from)) return;
  const std::size_t first = bucket(from);
  const std::size_t last = bucket(to);
  if (first == last) {
    part_[first] += to - from;
    return;
  }
  part_[first] += start(first + 1) - from;
  part_[last] += to - start(last);
  ++covers_[first + 1];
  --covers_[last];
}

void LifeTable::leave(double age) {
  ++leaves_[bucket(age)];
  ++left_;
}

std::array<double, LifeTable::kBuckets> LifeTable::exposure() const {
  std::array<double, kBuckets> out = part_;
  std::int32_t covering = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    covering += covers_[b];
    out[b] += covering * width(b);
  }
  return out;
}

Survival::Survival(const LifeTable& known, const LifeTable& unfinished, double share,
                   double prior) {
  std::array<double, LifeTable::kBuckets> exposure = known.exposure();
  const auto of_unfinished = unfinished.exposure();
  // The data of each bucket and all later ones, or of enough earlier ones to be significant.
  std::array<double, LifeTable::kBuckets> guess{};
  double later_left = 0;
  double later_exposure = 0;
  for (std::size_t b = LifeTable::kBuckets; b-- > 0;) {
    const double left = known.left(b);
    // A task that left was present, if only for a moment between two polls.
    exposure[b] =
        std::max(exposure[b] + share * of_unfinished[b], 0.01 * left * LifeTable::width(b));
    if (left > 0 && last_leave_ <= 0) last_leave_ = LifeTable::start(b + 1);
    later_left += left;
    later_exposure += exposure[b];
    guess[b] = later_left >= kGuessEvents ? later_left / later_exposure : 0;
  }
  double sum = 0;
  double best = prior;
  for (std::size_t b = 0; b < LifeTable::kBuckets; ++b) {
    if (guess[b] > 0) best = std::min(prior, guess[b]);
    double left = known.left(b);
    if (prior > 0) {
      left += kPriorEvents;
      exposure[b] += kPriorEvents / best;
    }
    rate_[b] = left > 0 ? left / exposure[b] : 0;
    sum_[b] = sum;
    sum += rate_[b] * LifeTable::width(b);
  }
}

double Survival::cumulative(double age) const {
  if (!(age > 0)) return 0;
  const std::size_t b = LifeTable::bucket(age);
  return sum_[b] + rate_[b] * (age - LifeTable::start(b));
}

double Survival::age_at(double cumulative) const {
  // The last bucket that starts at or before this age.
  const auto after = std::upper_bound(sum_.begin(), sum_.end(), cumulative);
  if (after == sum_.begin()) return 0;
  const auto b = static_cast<std::size_t>(after - sum_.begin()) - 1;
  if (!(rate_[b] > 0)) {
    return sum_[b] == cumulative ? LifeTable::start(b) : std::numeric_limits<double>::infinity();
  }
  return LifeTable::start(b) + (cumulative - sum_[b]) / rate_[b];
}

}  // namespace taskwatchd
