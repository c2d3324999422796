// The budget of one API of an account: its rate limit, its calls in flight, and whether it may be
// called at all. A call counts when it is sent; until then it blocks the next one, so that calls
// waiting for the same DNS lookup or connection cannot all be sent at the same time. No I/O.
// Event-loop thread only; the caller passes the time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/polling/limiter.h"
#include "core/types/time.h"

namespace taskwatchd {

class Budget {
 public:
  // Calls of one API in flight at once: 5 per second at a round trip of 6 s.
  static constexpr std::size_t kMaxUnderWay = 32;

  // `quota` in calls/s, 0 = the API is not used; `share` in (0, 1].
  Budget(double quota, double share, Now now) : limiter_(quota, share, now.mono) {}
  void configure(double quota, double share) { limiter_.configure(quota, share); }

  bool in_use() const { return limiter_.in_use(); }
  bool usable() const { return in_use() && !denied_; }
  const Limiter& limiter() const { return limiter_; }

  // The earliest time of the next call; Mono::max() while it depends on a call in flight.
  Mono next() const;

  // A call was decided on; it is being sent; it is resolved, sent or not. `on_end` returns when it
  // was sent, nullopt if it was not. REQUIRES: once each, in this order; on_departure is optional.
  void on_sent(std::uint64_t call);
  void on_departure(std::uint64_t call, Mono now);
  std::optional<Mono> on_end(std::uint64_t call);

  // The call sent at `departed` was not throttled, whatever else its outcome was; it was throttled.
  void on_accepted(Mono departed, Mono now) { limiter_.on_accepted(departed, now); }
  void on_throttled(Mono departed, Mono now) { limiter_.on_throttled(departed, now); }
  void restart(Mono until) { limiter_.restart(until); }
  void back_off_until(Mono when) { limiter_.back_off_until(when); }

  // The account has no permission for the API: it is retried after 1 min, with exponential backoff.
  // Returns true if this is a change.
  bool deny(Mono now);
  // The account has permission. Returns true if this is a change.
  bool allow();
  bool denied() const { return denied_; }
  Mono denied_until() const { return denied_until_; }

  std::optional<Wall> last_success;

 private:
  Limiter limiter_;
  std::map<std::uint64_t, std::optional<Mono>> under_way_;  // call number -> when it was sent
  std::optional<std::uint64_t> departing_;
  bool denied_ = false;  // the last response denied permission
  Mono denied_until_ = Mono::min();
  int denials_ = 0;  // consecutive
};

}  // namespace taskwatchd
