#include "simulator/model_bits.h"

#include <algorithm>
#include <bit>

namespace iotsim {

void Bits::set(std::size_t place) {
  std::uint64_t& word = words_.at(place / 64);
  const std::uint64_t bit = 1ULL << (place % 64);
  if ((word & bit) == 0) ++count_;
  word |= bit;
}

void Bits::clear(std::size_t place) {
  std::uint64_t& word = words_.at(place / 64);
  const std::uint64_t bit = 1ULL << (place % 64);
  if ((word & bit) != 0) --count_;
  word &= ~bit;
}

std::size_t Bits::next(std::size_t from) const {
  if (from >= size_) return kNone;
  std::size_t i = from / 64;
  std::uint64_t word = words_[i] & (~0ULL << (from % 64));
  while (word == 0) {
    if (++i == words_.size()) return kNone;
    word = words_[i];
  }
  return i * 64 + static_cast<std::size_t>(std::countr_zero(word));
}

std::size_t Bits::previous(std::size_t before) const {
  before = std::min(before, size_);
  if (before == 0) return kNone;
  std::size_t i = (before - 1) / 64;
  std::uint64_t word = words_[i] & (~0ULL >> (63 - (before - 1) % 64));
  while (word == 0) {
    if (i-- == 0) return kNone;
    word = words_[i];
  }
  return i * 64 + 63 - static_cast<std::size_t>(std::countl_zero(word));
}

std::size_t Bits::select(std::size_t n) const {
  if (n >= count_) return kNone;
  std::size_t i = 0;
  for (;; ++i) {
    const auto ones = static_cast<std::size_t>(std::popcount(words_[i]));
    if (n < ones) break;
    n -= ones;
  }
  std::uint64_t word = words_[i];
  for (; n > 0; --n) word &= word - 1;
  return i * 64 + static_cast<std::size_t>(std::countr_zero(word));
}

}  // namespace iotsim
