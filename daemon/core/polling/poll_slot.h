// The calls of one API for one item: whether one is in flight, and when the next may be made. Calls
// are identified by number, so that a late response is not mistaken for that of a newer call. No
// I/O. Event-loop thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/types/time.h"

namespace taskwatchd {

class PollSlot {
 public:
  // A call unanswered for this long no longer blocks the next one: its response may be lost, and
  // the HTTP client gives up only after 10 s. 2 s exceeds the round trips of a healthy platform.
  static constexpr Duration kPatience = std::chrono::seconds(2);

  // The earliest time of the next call; Mono::min() if nothing blocks it.
  Mono ready() const {
    return waiting_ ? std::max(backoff_until_, sent_at_ + kPatience) : backoff_until_;
  }
  // The newest call is unanswered, and the next one waits for that.
  bool is_waiting(Mono now) const { return waiting_ && now < sent_at_ + kPatience; }
  // The newest call is unanswered, however long ago it was sent.
  bool is_unanswered() const { return waiting_.has_value(); }
  Mono backoff_until() const { return backoff_until_; }
  Mono sent_at() const { return sent_at_; }  // of the newest call; Mono::min(): none yet

  void on_sent(std::uint64_t call, Mono now) {
    waiting_ = call;
    sent_at_ = now;
  }
  void on_response(std::uint64_t call) {
    if (waiting_ && call >= *waiting_) waiting_.reset();
    backoff_until_ = Mono::min();
  }
  void on_failure(std::uint64_t call, Mono retry_at) {
    if (waiting_ && call >= *waiting_) waiting_.reset();
    backoff_until_ = std::max(backoff_until_, retry_at);
  }

 private:
  std::optional<std::uint64_t> waiting_;  // the newest call's number
  Mono sent_at_ = Mono::min();
  Mono backoff_until_ = Mono::min();
};

}  // namespace taskwatchd
