#include "core/polling/health.h"

#include <algorithm>
#include <cmath>

namespace taskwatchd {
namespace {

constexpr int kDownFailures = 3;
constexpr Duration kDownSpan = std::chrono::seconds(10);
constexpr double kFirstPause = 0.5;  // s, doubled with each failure
constexpr double kPauseMax = 20;     // s
constexpr double kPausePersonMax = 60;
constexpr int kPersonFailures = 5;                       // then one probe per minute
constexpr Duration kLogAgain = std::chrono::minutes(5);  // for flapping errors

}  // namespace

bool Health::needs_a_person(Reason reason) {
  switch (reason) {
    case Reason::kAuth:
    case Reason::kForbidden:
    case Reason::kOverdue:
    case Reason::kBadRequest:
    case Reason::kTls:
      return true;
    case Reason::kThrottled:
    case Reason::kTimeout:
    case Reason::kUnreachable:
    case Reason::kServerError:
    case Reason::kClockSkew:
    case Reason::kNotFound:
    case Reason::kProtocol:
      return false;
  }
  return false;
}

Health::Change Health::on_success(Now now) {
  const bool logged = logged_.has_value();
  up_ = true;
  failures_ = 0;
  backoff_until_ = Mono::min();
  forget_logged();
  last_success_ = now.wall;
  return logged ? Change::kRecovered : Change::kNone;
}

Health::Change Health::on_failure(Reason reason, Now now, double random01) {
  if (failures_ == 0) failing_since_ = now.mono;
  ++failures_;
  const bool person = needs_a_person(reason);
  const bool down = failures_ >= kDownFailures && now.mono - failing_since_ >= kDownSpan;
  if (person && failures_ >= kPersonFailures) {
    // One more call before the long backoff, at the time that decides whether it is down.
    backoff_until_ = down ? now.mono + from_seconds(kPausePersonMax) : failing_since_ + kDownSpan;
  } else if (failures_ > kFreeFailures) {
    const double cap = person ? kPausePersonMax : kPauseMax;
    const double pause = std::min(cap, kFirstPause * std::exp2(failures_ - kFreeFailures - 1));
    backoff_until_ = now.mono + from_seconds(pause * (0.5 + 0.5 * random01));
  }

  const bool was_up = up_;
  if (down) up_ = false;
  // Before the first success, and if a person must act, the first failure is logged. A temporary
  // one is not logged until the account is down; nor is a bad request: it may concern a single
  // task.
  const bool again = last_logged_ == reason && now.mono - logged_at_ < kLogAgain;
  const bool at_once = person && reason != Reason::kBadRequest && !again;
  const bool is_worth_logging = at_once || down || (!was_up && !last_success_);
  const std::uint32_t bit = 1U << static_cast<unsigned>(reason);
  if (!is_worth_logging || (logged_reasons_ & bit) != 0) return Change::kNone;
  logged_reasons_ |= bit;
  logged_ = last_logged_ = reason;
  logged_at_ = now.mono;
  return Change::kFailing;
}

void Health::reset_backoff() {
  failures_ = 0;
  backoff_until_ = Mono::min();
  forget_logged();
  last_logged_.reset();
}

}  // namespace taskwatchd
