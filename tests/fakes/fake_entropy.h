// Repeatable random numbers: the same seed gives the same numbers (splitmix64, public domain).
#pragma once

#include <cstdint>

#include "ports.h"

namespace taskwatchd {

class FakeEntropy : public Entropy {
 public:
  explicit FakeEntropy(std::uint64_t seed = 1) : state_(seed) {}
  std::uint64_t next() override {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace taskwatchd
