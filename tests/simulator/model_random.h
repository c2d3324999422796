// Seeded random numbers: the same seed gives the same world, on every machine and compiler.
#pragma once

#include <cstdint>
#include <string_view>

namespace iotsim {

// Returns a well-distributed number from two others, to seed parts of a world independently.
std::uint64_t mix(std::uint64_t a, std::uint64_t b);
std::uint64_t hash_text(std::string_view text);

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  double unit();                         // [0, 1)
  std::uint64_t below(std::uint64_t n);  // [0, n); 0 for n = 0
  bool chance(double probability);
  double exponential(double mean);
  double lognormal(double median, double sigma);

 private:
  std::uint64_t state_;
};

// The one-way delay of a packet: `base_ms` plus an exponential part with the given median. In
// microseconds, for virtual clocks.
class Latency {
 public:
  Latency(std::uint64_t seed, double base_ms, double jitter_median_ms)
      : random_(seed), base_ms_(base_ms), jitter_median_ms_(jitter_median_ms) {}
  std::int64_t draw_us();

 private:
  Random random_;
  double base_ms_;
  double jitter_median_ms_;
};

}  // namespace iotsim
