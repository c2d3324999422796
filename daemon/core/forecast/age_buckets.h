// Ages in buckets that widen with age: the first is all below 1 s, then `kPerOctave` per doubling,
// the last one open-ended. Both life tables use these (hazard.h, life_table.h). No I/O; seconds;
// negative ages count as zero.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace taskwatchd {

// REQUIRES: kPerOctave is a power of two.
template <unsigned kPerOctave, std::size_t N>
class AgeBuckets {
 public:
  static constexpr std::size_t kBuckets = N;

  static std::size_t bucket(double age) {
    if (!(age >= 1)) return 0;
    // A double's exponent and the first bits of its mantissa give the octave and its part.
    static_assert(std::numeric_limits<double>::is_iec559);
    constexpr int kShift = 52 - std::countr_zero(kPerOctave);
    constexpr std::uint64_t kOne = std::bit_cast<std::uint64_t>(1.0) >> kShift;
    const std::uint64_t parts = (std::bit_cast<std::uint64_t>(age) >> kShift) - kOne;
    return static_cast<std::size_t>(std::min<std::uint64_t>(1 + parts, kBuckets - 1));
  }
  static constexpr double start(std::size_t bucket) { return kStarts[bucket]; }
  // Of the last bucket: as if it were not open-ended.
  static constexpr double width(std::size_t bucket) {
    return kStarts[bucket + 1] - kStarts[bucket];
  }

 private:
  static_assert(std::has_single_bit(kPerOctave));
  static constexpr std::array<double, kBuckets + 1> kStarts = [] {
    std::array<double, kBuckets + 1> starts{};
    double octave = 1;
    for (std::size_t b = 1; b < starts.size(); ++b) {
      const std::size_t part = (b - 1) % kPerOctave;
      if (b > 1 && part == 0) octave *= 2;
      starts[b] = octave * (1 + static_cast<double>(part) / kPerOctave);
    }
    return starts;
  }();
};

}  // namespace taskwatchd
