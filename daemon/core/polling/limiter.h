// The rate limit of one API of one account. Calls leave at least 1/rate + 5 ms apart, so that no
// window of one second holds more than ceil(rate) of them; it starts empty, so that a restart
// cannot double. The rate follows the share of throttled calls, for the account's other programs
// use the same quota (docs/explanation/polling.md). No I/O; the caller passes the time. Event-loop
// thread only.
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

  // A new configuration. Calls stay apart from those of the old one; what was learned is kept as
  // far as the new rate allows.
  void configure(double quota, double share);

  bool in_use() const { return configured_ > 0; }
  // The earliest time of the next call. Mono::max() when not in use.
  Mono next() const;
  // That time was requested by the platform (hold_until).
  bool held() const { return held_until_ >= last_sent_ + gap(); }
  // A call leaves. Every call counts, retries too. REQUIRES: it was decided at next() or later.
  void sent(Mono departed);
  // The call that left at `departed` was not throttled, whatever else became of it.
  void on_accepted(Mono departed, Mono now);
  void on_throttled(Mono departed, Mono now);
  // What throttled calls have taught is forgotten: they had another cause. Calls that leave up to
  // `until` teach nothing either: the platform's window is full of what left before.
  void restart(Mono until);
  // The platform asked us to wait.
  void hold_until(Mono when);

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
  double settled_;          // the last rate that worked for a while; below rate_ while rising
  double ceiling_ = kNone;  // the last rate that was too high
  double growth_;           // of the next step up
  Mono last_sent_;
  Mono held_until_ = Mono::min();
  Mono fell_at_ = Mono::min();  // calls that left before say nothing about the present rate
  Mono stepped_at_;             // the last change of the rate
  Mono probe_at_ = Mono::min();
  ThrottleWindow window_;          // since the last cut
  ThrottleWindow::Count risen_;    // calls that left while rising
  ThrottleWindow::Count stepped_;  // calls that left since the last change of the rate
  ThrottleCause cause_;
};

}  // namespace taskwatchd
