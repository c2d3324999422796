// The rate limit of one API of one account. Calls are sent at least 1/rate + 5 ms apart, so that no
// window of one second contains more than ceil(rate) of them. The first call waits too, so that a
// restart cannot double the rate. The limit follows the share of throttled calls, because the
// account's other programs use the same quota (docs/explanation/polling.md). No I/O. Event-loop
// thread only; the caller passes the time.
#pragma once

#include <limits>

#include "core/polling/throttle_cause.h"
#include "core/polling/throttle_window.h"
#include "core/types/time.h"

namespace taskwatchd {

class Limiter {
 public:
  // `quota` in calls/s, 0 = the API is not used; `share` in (0, 1].
  Limiter(double quota, double share, Mono now);

  // Applies a new configuration. Calls keep their distance to earlier ones; what was learned is
  // kept as far as the new rate allows.
  void configure(double quota, double share);

  bool in_use() const { return configured_ > 0; }
  // The earliest time of the next call. Mono::max() when not in use.
  Mono next() const;
  // The time of next() was requested by the platform (back_off_until).
  bool is_backing_off() const { return backoff_until_ >= last_sent_ + gap(); }
  // A call is being sent. Every call counts, retries too. REQUIRES: it was decided at next() or
  // later.
  void sent(Mono departed);
  // The call sent at `departed` was not throttled, whatever else its outcome was.
  void on_accepted(Mono departed, Mono now);
  void on_throttled(Mono departed, Mono now);
  // Forgets what throttled calls have taught: they had another cause. Calls sent up to `until`
  // teach nothing either: the platform's window still counts earlier calls.
  void restart(Mono until);
  // The platform requested a pause.
  void back_off_until(Mono when);

  double configured_rate() const { return configured_; }  // calls/s
  double rate() const { return rate_; }                   // calls/s allowed right now

 private:
  static constexpr double kNone = std::numeric_limits<double>::infinity();

  Duration gap() const;
  double expected_share() const;
  bool rising() const { return rate_ > settled_; }
  void set_rate(double rate, Mono now);
  void fall_to(double rate, Mono now);
  bool rise_fails(Mono departed);
  void cut(ThrottleWindow::Count count, Mono now);
  void learn(Mono departed, bool throttled);
  void rise(Mono departed, Mono now);
  double next_rate(Mono now);
  Duration until_probe() const;

  double configured_;
  double rate_;             // at most configured_
  double settled_;          // the last rate that worked for some time; below rate_ while it rises
  double ceiling_ = kNone;  // the last rate that was too high
  double growth_;           // factor of the next increase
  Mono last_sent_;
  Mono backoff_until_ = Mono::min();
  Mono fell_at_ = Mono::min();  // calls sent earlier say nothing about the current rate
  Mono stepped_at_;             // the last change of the rate
  Mono probe_at_ = Mono::min();
  ThrottleWindow window_;          // since the last reduction
  ThrottleWindow::Count risen_;    // calls sent while rising
  ThrottleWindow::Count stepped_;  // calls sent since the last change of the rate
  ThrottleCause cause_;
};

}  // namespace taskwatchd
