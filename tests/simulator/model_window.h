// The platform's rate limit for one API of one account, and the number of calls that really came.
// In microseconds of a clock that never jumps back.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>

#include "simulator/model_random.h"

namespace iotsim {

// The kind of limiter of the real platform is not documented; a client must work with each.
enum class WindowKind : std::uint8_t {
  kSliding,  // at most `quota` accepted in any second; throttled calls do not count
  kFixed,    // at most `quota` accepted in each second of the clock
  kBucket,   // `quota` tokens, refilled evenly
};
inline constexpr std::string_view kWindowKinds = "sliding|fixed|bucket";
WindowKind parse_window_kind(std::string_view word);

class RateWindow {
 public:
  // Returns whether a call at `now_us` is accepted, and counts it if so. REQUIRES: times do not
  // decrease.
  bool accept(std::int64_t now_us, int quota, WindowKind kind);
  // Simulates another program of the account: `rate` calls per second, not quite evenly, up to
  // `now_us`.
  void compete(std::int64_t now_us, double rate, int quota, WindowKind kind);
  // Returns how long a call would have to wait if nobody else calls; 0: not at all. REQUIRES: quota
  // is not 0.
  std::int64_t wait_us(std::int64_t now_us, int quota, WindowKind kind) const;

 private:
  std::deque<std::int64_t> accepted_;  // those of the last second
  std::int64_t fixed_second_ = -1;
  int fixed_count_ = 0;
  double tokens_ = -1;  // below 0: not used yet
  std::int64_t filled_us_ = 0;
  std::int64_t rival_us_ = -1;  // next call of the other program; -1: not yet planned
  Random random_{0x5eed};
};

// The maximum number of instants in any window [t, t + 1 s).
class WindowPeak {
 public:
  void add(std::int64_t now_us);
  std::size_t peak() const { return peak_; }

 private:
  std::deque<std::int64_t> recent_;
  std::size_t peak_ = 0;
};

}  // namespace iotsim
