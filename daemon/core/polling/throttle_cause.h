// Whether our own rate causes throttling: compares the share of throttled calls at rates that were
// too high with the share below them. If a lower rate is throttled just as much, the platform
// throttles at random or for reasons that a lower rate does not change. No I/O. Event-loop thread
// only.
#pragma once

#include "core/polling/throttle_window.h"

namespace taskwatchd {

class ThrottleCause {
 public:
  // Calls at a rate that was then reduced, or that was probed.
  void add_above(ThrottleWindow::Count calls) { above_.add(calls); }
  // A call at a reduced rate. Returns true if it shows that reducing the rate does not help.
  bool add_below(bool throttled);
  // The full rate works: there is nothing below. `share` is that of the last 100 calls.
  void confirm_share(double share);

  // The share of throttled calls that a lower rate did not change; 0 if it did.
  double random_share() const { return random_share_; }
  // The best estimate of that share while it is not known yet.
  double likely_share() const;

 private:
  // Older calls count less.
  struct Faded {
    double calls = 0;
    double throttled = 0;
    double share() const { return calls > 0 ? throttled / calls : 0; }
    void add(ThrottleWindow::Count more);
  };
  static double difference(const Faded& a, const Faded& b);

  Faded above_;
  Faded below_;
  double random_share_ = 0;
};

}  // namespace taskwatchd
