// How long tasks of a job stay in one status: a life table (actuarial estimate with delayed entry),
// events / exposure by age, and the survival curve derived from it. Finer than
// core/forecast/hazard.h, which only ranks tasks, and without priors of its own. No I/O; all times
// in seconds; negative ages count as zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/forecast/age_buckets.h"

namespace taskwatchd {

// Four buckets per octave from 1 s to 2^20 s (12 days).
class LifeTable : public AgeBuckets<4, 82> {
 public:
  // A task was in the status at every age between the two. Constant time for any span.
  void stay(double from, double to);
  // A task left the status at this age.
  void leave(double age);

  double left() const { return left_; }
  double left(std::size_t bucket) const { return leaves_[bucket]; }
  // Task-seconds spent in each bucket.
  std::array<double, kBuckets> exposure() const;

 private:
  std::array<double, kBuckets> part_{};          // of stays that cover only part of the bucket
  std::array<std::int32_t, kBuckets> covers_{};  // change in how many stays cover the bucket
  std::array<std::uint32_t, kBuckets> leaves_{};
  double left_ = 0;
};

// S(age) = exp(-integral of the hazard), the hazard being constant within a bucket: (left + c) /
// (exposure + c / prior) with c = half an event; without a prior, left / exposure.
class Survival {
 public:
  Survival() = default;
  // `unfinished` is added with the weight `share`. Prior: a hazard per second; 0: none.
  Survival(const LifeTable& known, const LifeTable& unfinished, double share, double prior);

  double cumulative(double age) const;  // integral of the hazard from 0
  // The inverse function; infinity if the value is never reached.
  double age_at(double cumulative) const;
  // The end of the last bucket in which any task left; 0 if none did.
  double last_leave() const { return last_leave_; }

 private:
  std::array<double, LifeTable::kBuckets> rate_{};
  std::array<double, LifeTable::kBuckets> sum_{};  // integral up to the bucket's start
  double last_leave_ = 0;
};

}  // namespace taskwatchd
