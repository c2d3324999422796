// The cloud's rate limit for one API of one account, and the count of what really came.
// Microseconds of a clock that never jumps back.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>

#include "simulator/model_random.h"

namespace iotsim {

// Which limiter the real cloud has is not documented; a client must live with each.
enum class WindowKind : std::uint8_t {
  kSliding,  // at most `quota` accepted in any second; refused calls do not count
  kFixed,    // at most `quota` accepted in each second of the clock
  kBucket,   // `quota` tokens, refilled evenly
};
inline constexpr std::string_view kWindowKinds = "sliding|fixed|bucket";
WindowKind parse_window_kind(std::string_view word);

class RateWindow {
 public:
  // Takes one call at `now_us`, if it may pass. REQUIRES: times do not fall.
  bool accept(std::int64_t now_us, int quota, WindowKind kind);
  // Another program of the account calls `rate` times a second, not quite evenly, up to `now_us`.
  void compete(std::int64_t now_us, double rate, int quota, WindowKind kind);
  // How long until a call would pass if nobody else calls; 0 if it would now. Not for quota 0.
  std::int64_t wait_us(std::int64_t now_us, int quota, WindowKind kind) const;

 private:
  std::deque<std::int64_t> accepted_;  // those of the last second
  std::int64_t fixed_second_ = -1;
  int fixed_count_ = 0;
  double tokens_ = -1;  // below 0: not used yet
  std::int64_t filled_us_ = 0;
  std::int64_t rival_us_ = -1;  // when the other program calls next; -1: not yet planned
  Random random_{0x5eed};
};

// The most instants that ever lay in one window [t, t + 1 s).
class WindowPeak {
 public:
  void add(std::int64_t now_us);
  std::size_t peak() const { return peak_; }

 private:
  std::deque<std::int64_t> recent_;
  std::size_t peak_ = 0;
};

}  // namespace iotsim
