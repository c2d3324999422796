// Which of the last calls were throttled: at most 100 calls and 30 s. No I/O. Event-loop thread
// only; the caller passes the time.
#pragma once

#include <cstddef>
#include <deque>

#include "core/types/time.h"

namespace taskwatchd {

class ThrottleWindow {
 public:
  struct Count {
    std::size_t calls = 0;
    std::size_t throttled = 0;
    double share() const;
  };
  // The newest calls that contradict the expected share most strongly.
  struct Excess {
    Count count;
    // Log-likelihood ratio of the observed share against the expected one; 0 if it is not above.
    double weight = 0;
  };

  void add(Mono departed, bool throttled, Mono now);
  void clear() { calls_.clear(); }
  Count all() const { return last(calls_.size()); }
  Count last(std::size_t calls) const;
  Excess excess(double expected_share) const;

 private:
  struct Call {
    Mono departed;
    bool throttled;
  };
  std::deque<Call> calls_;  // oldest first
};

// How unlikely `count` is if the share is `expected`, as Excess::weight.
double excess_weight(ThrottleWindow::Count count, double expected);

}  // namespace taskwatchd
