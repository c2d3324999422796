// The pace of one API of one account. Sends are at least 1/rate + 5 ms apart, so that no window of
// one second holds more than ceil(rate) of them; it starts empty, so that a restart cannot double.
// Learns from refusals, for the account's other programs share the quota. Pure; loop's thread.
#pragma once

#include <bitset>

#include "core/time.h"

namespace taskwatchd {

class Limiter {
 public:
  // `quota` in calls/s, 0 = the API is not used; `share` in (0, 1].
  Limiter(double quota, double share, Mono now);

  // A new configuration. Sends stay apart from those of the old one; what was learned is kept
  // as far as the new rate allows.
  void configure(double quota, double share);

  bool in_use() const { return configured_ > 0; }
  // The earliest instant of the next send. Mono::max() when not in use.
  Mono next() const;
  // That instant is one that the cloud asked for (hold_until), not the pace's.
  bool held() const { return held_until_ >= last_sent_ + gap(); }
  // REQUIRES: now >= next(). Every request counts, retries too.
  void sent(Mono now);
  // A reply came that was no refusal.
  void clean(Mono now);
  // The cloud refused a call for its rate.
  void refused(Mono now);
  // The cloud asked us to wait.
  void hold_until(Mono when);

  double configured_rate() const { return configured_; }  // calls/s
  double rate() const;                                    // calls/s allowed right now

 private:
  static constexpr std::size_t kWindowCalls = 100;

  Duration gap() const;
  void remember(bool refusal);

  double configured_;
  double rate_;         // after cuts; at most configured_
  Duration widened_{};  // added to each gap after rare refusals
  Mono last_sent_;
  Mono held_until_ = Mono::min();
  Mono last_step_;                    // of recovery, or the last refusal
  std::bitset<kWindowCalls> window_;  // refusals among the last calls
  std::size_t at_ = 0;
};

}  // namespace taskwatchd
