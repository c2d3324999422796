// The budget of messages of a chat robot, shared by the sinks with its URL: evenly spaced, so that
// no window of a minute holds more than `max_per_minute` and one more, also across a restart. The
// first message may be sent at once. Pure.
#pragma once

#include "core/types/time.h"

namespace taskwatchd {

class ChatPace {
 public:
  // 0: no limit.
  explicit ChatPace(double max_per_minute)
      : interval_(max_per_minute > 0 ? from_seconds(60 / max_per_minute) : Duration{}) {}

  // When the next message may be sent.
  Mono next_at() const { return next_at_; }
  // A request was sent, with any outcome.
  void on_request(Mono now) { next_at_ = now + interval_; }
  // The service limits requests until then.
  void wait_until(Mono until) {
    if (until > next_at_) next_at_ = until;
  }

 private:
  Duration interval_;
  Mono next_at_;
};

}  // namespace taskwatchd
