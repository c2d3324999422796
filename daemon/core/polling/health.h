// Health of an account or of one instance: counts consecutive failures and decides when it is down,
// how long to back off, and which changes to log (transitions, not repeated failures). No I/O.
#pragma once

#include <cstdint>
#include <optional>

#include "core/types/outcome.h"
#include "core/types/time.h"

namespace taskwatchd {

class Health {
 public:
  // The change caused by this outcome that must be logged, if any.
  enum class Change { kNone, kFailing, kRecovered };

  // True from a successful response until three consecutive failures over at least 10 s; false
  // before the first success.
  bool up() const { return up_; }
  std::optional<Wall> last_success() const { return last_success_; }
  // After more than kFreeFailures consecutive failures: probe with one call at a time.
  bool failing() const { return failures_ > kFreeFailures; }

  Change on_success(Now now);
  // Records a failed call. Do not pass throttling or errors about a single item: they say nothing
  // about health. `random01` in [0, 1) adds jitter to the backoff. Returns kFailing once per reason
  // until the next success: at once for credentials, permissions, billing and TLS (at most every 5
  // min if such an error flaps), for other reasons only while it is down or before the first
  // success.
  Change on_failure(Reason reason, Now now, double random01);
  // The failure logged last since the last successful response, if any.
  std::optional<Reason> logged() const { return logged_; }
  // Another instance's success ended that: the next failure is logged again, a success is not.
  void forget_logged() {
    logged_.reset();
    logged_reasons_ = 0;
  }

  // The cause may have been fixed (a new configuration): resets the backoff and what was logged.
  void reset_backoff();

  // No calls before this time: no backoff for the first failures, then exponential from 0.5 s up to
  // 20 s, or up to 60 s if a person must act (credentials, permissions, parameters).
  Mono backoff_until() const { return backoff_until_; }

  // True for reasons that only a person can fix.
  static bool needs_a_person(Reason reason);

 private:
  static constexpr int kFreeFailures = 2;  // before any backoff: the next poll is the retry

  bool up_ = false;
  int failures_ = 0;  // consecutive
  Mono failing_since_;
  Mono backoff_until_ = Mono::min();
  std::optional<Reason> logged_;       // logged last, since the last success
  std::uint32_t logged_reasons_ = 0;   // one bit for each reason logged since then
  std::optional<Reason> last_logged_;  // logged last, ever
  Mono logged_at_;
  std::optional<Wall> last_success_;
};

}  // namespace taskwatchd
