// The quota of all APIs together, where an account has such a limit (`quota_total`): calls are
// spaced like those of one API. The APIs that have a call ready share it by weights (start-time
// fair queueing, Goyal and others 1996), so that none starves; calls that look for failures go
// first. No I/O. Event-loop thread only; the caller passes the time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/api.h"
#include "core/limiter.h"
#include "core/time.h"

namespace taskwatchd {

class SharedBudget {
 public:
  // `quota` in calls/s, 0 = there is no such limit; `share` in (0, 1].
  void configure(double quota, double share, Now now);

  bool in_use() const { return limiter_ && limiter_->in_use(); }
  // The earliest time of the next call of any API; Mono::max() until the last one has left.
  // Mono::min() while not in use.
  Mono next() const;
  // Of two APIs that have a call ready the one of the smaller turn goes first.
  double turn_of(Api api, bool urgent) const;

  // As Budget's. No effect for a call that began when this was not in use.
  void on_sent(std::uint64_t call, Api api);
  void on_departure(std::uint64_t call, Mono now);
  void on_end(std::uint64_t call);
  void on_accepted(Mono departed, Mono now);
  void on_throttled(Mono departed, Mono now);

 private:
  double start_of(Api api) const;

  std::optional<Limiter> limiter_;
  std::optional<std::uint64_t> departing_;
  std::map<Api, double> finish_;  // virtual time at which an API has had its share so far
  double virtual_ = 0;            // the start of the call that went last
};

}  // namespace taskwatchd
