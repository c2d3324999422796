// A bit set that counts its ones and finds them forwards, backwards and by index: the cheapest
// ordered set if members come and go but their positions are known beforehand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace iotsim {

class Bits {
 public:
  static constexpr std::size_t kNone = SIZE_MAX;

  explicit Bits(std::size_t size = 0) : size_(size), words_((size + 63) / 64) {}

  // REQUIRES for all places: below size().
  void set(std::size_t place);
  void clear(std::size_t place);
  std::size_t size() const { return size_; }
  std::size_t count() const { return count_; }
  // Returns the first one at or after `from`; kNone if there is none.
  std::size_t next(std::size_t from) const;
  // Returns the last one before `before`, which may be size(); kNone if there is none.
  std::size_t previous(std::size_t before) const;
  // Returns the n-th one, counted from 0; kNone if there are fewer.
  std::size_t select(std::size_t n) const;

 private:
  std::size_t size_;
  std::size_t count_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace iotsim
