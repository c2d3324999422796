// The quota of all APIs together, if an account has such a limit: the configured `quota_total`, or
// one found automatically (core/common_quota). Calls are spaced like those of one API. The APIs
// that have a call ready share it by weights (start-time fair queueing, Goyal et al. 1996), so that
// none starves; calls that look for failures go first. No I/O. Event-loop thread only; the caller
// passes the time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/polling/common_quota.h"
#include "core/polling/limiter.h"
#include "core/types/call.h"
#include "core/types/time.h"

namespace taskwatchd {

class SharedBudget {
 public:
  // `quota` in calls/s, 0 = none is configured, and one is searched for; `share` in (0, 1].
  void configure(double quota, double share, Now now);

  bool in_use() const { return limiter_ && limiter_->in_use(); }
  // The earliest time of the next call of any API; Mono::max() until the last one was sent.
  // Mono::min() while not in use.
  Mono next() const;
  // Of two APIs that have a call ready, the one with the smaller value goes first.
  double turn_of(Api api, bool urgent) const;

  void on_sent(const Call& call, Mono now);
  // See Budget.
  void on_departure(std::uint64_t call, Api api, Mono now);
  void on_end(std::uint64_t call, std::optional<bool> throttled);
  void on_accepted(Mono departed, Mono now);
  void on_throttled(Mono departed, Mono now);

  // Call after each throttled call. Returns a newly found limit, in calls/s. Then restart the rate
  // limiters of the APIs: they learned from throttling that this limit caused.
  std::optional<std::size_t> detect_limit(Mono now);
  // Call before next(). Drops a found limit every ten minutes: it may be gone.
  void review(Mono now);

 private:
  double start_of(Api api) const;

  // How long a call that waits for its connection blocks others at most, if the limit was only
  // found: otherwise an unresponsive instance would block all others.
  static constexpr Duration kDepartureWait = std::chrono::milliseconds(300);

  double share_ = 1;
  bool named_ = false;
  CommonQuota common_;
  std::size_t found_ = 0;  // the limit found last; 0: none
  Mono review_at_ = Mono::max();
  std::optional<Limiter> limiter_;
  std::optional<std::uint64_t> departing_;
  Mono departing_since_ = Mono::min();
  std::map<Api, double> finish_;  // virtual time at which the API's share so far ends
  double virtual_ = 0;            // start tag of the last call
};

}  // namespace taskwatchd
