// One API's part of an account's quota: its rate, its calls under way, and whether it may be called
// at all. A call is counted when it leaves; until then it holds up the next one, so that calls that
// wait for the same name look-up or connection cannot leave in one instant. No I/O. Event-loop
// thread only; the caller passes the time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/polling/limiter.h"
#include "core/types/time.h"

namespace taskwatchd {

class Budget {
 public:
  // Calls of one API under way at once: 5 per second at a round trip of 6 s.
  static constexpr std::size_t kMaxUnderWay = 32;

  // `quota` in calls/s, 0 = the API is not used; `share` in (0, 1].
  Budget(double quota, double share, Now now) : limiter_(quota, share, now.mono) {}
  void configure(double quota, double share) { limiter_.configure(quota, share); }

  bool in_use() const { return limiter_.in_use(); }
  bool usable() const { return in_use() && !denied_; }
  const Limiter& limiter() const { return limiter_; }

  // The earliest time of the next call; Mono::max() while only an answer or a departure can tell.
  Mono next() const;

  // A call is decided on; it leaves; it is over, whether it left or not. `on_end` returns when it
  // left, nothing if it did not. REQUIRES: each once, in this order; leaving may be left out.
  void on_sent(std::uint64_t call);
  void on_departure(std::uint64_t call, Mono now);
  std::optional<Mono> on_end(std::uint64_t call);

  // The call that left at `departed` was not throttled, whatever else became of it; it was.
  void on_accepted(Mono departed, Mono now) { limiter_.on_accepted(departed, now); }
  void on_throttled(Mono departed, Mono now) { limiter_.on_throttled(departed, now); }
  void restart(Mono until) { limiter_.restart(until); }
  void hold_until(Mono when) { limiter_.hold_until(when); }

  // The account may not call the API: it is tried again after a minute, then ever later. Returns
  // true if that is new.
  bool deny(Mono now);
  // It may. Returns true if that is new.
  bool allow();
  bool denied() const { return denied_; }
  Mono denied_until() const { return denied_until_; }

  std::optional<Wall> last_success;

 private:
  Limiter limiter_;
  std::map<std::uint64_t, std::optional<Mono>> under_way_;  // by number: when it left
  std::optional<std::uint64_t> departing_;
  bool denied_ = false;  // its last reply was that we may not
  Mono denied_until_ = Mono::min();
  int denials_ = 0;  // consecutive
};

}  // namespace taskwatchd
