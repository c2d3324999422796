#include "simulator/model_random.h"

#include <cmath>
#include <numbers>

namespace iotsim {

// SplitMix64's finisher: public domain, prng.di.unimi.it/splitmix64.c.
static std::uint64_t finish(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return finish(finish(a + 0x9e3779b97f4a7c15U) ^ (b * 0xd1342543de82ef95U + 1));
}

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return finish(hash);
}

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15U;
  return finish(state_);
}

double Random::unit() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::uint64_t Random::below(std::uint64_t n) {
  return n == 0 ? 0 : next() % n;
}

bool Random::chance(double probability) {
  // A switch that is off uses no random number: switching one fault on does not change the others.
  return probability > 0 && unit() < probability;
}

double Random::exponential(double mean) {
  return -mean * std::log1p(-unit());
}

double Random::lognormal(double median, double sigma) {
  const double radius = std::sqrt(-2.0 * std::log1p(-unit()));
  const double normal = radius * std::cos(2.0 * std::numbers::pi * unit());
  return median * std::exp(sigma * normal);
}

std::int64_t Latency::draw_us() {
  const double jitter = random_.exponential(jitter_median_ms_ / std::numbers::ln2);
  return static_cast<std::int64_t>((base_ms_ + jitter) * 1000.0);
}

}  // namespace iotsim
