// Does an account, or one of its instances, answer? Counts failures running, says when to call it
// down, when to pause, and what is worth telling: the change, not the repetition. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "core/types/outcome.h"
#include "core/types/time.h"

namespace taskwatchd {

class Health {
 public:
  // What this reply changed, if anything worth telling.
  enum class News { kNone, kFailing, kRecovered };

  // Up from a good reply until three failures running over at least 10 s; not up before the first.
  bool up() const { return up_; }
  std::optional<Wall> last_good() const { return last_good_; }
  // A few failures running: probe with one call at a time.
  bool failing() const { return failures_ > kFreeFailures; }

  News good(Now now);
  // A refusal for the rate or for one item says nothing of health: not to be given here.
  // `chance` in [0, 1) spreads the pauses. kFailing once for each reason until a good reply,
  // however they take turns: at once for keys, permissions, bills and TLS (but when such a refusal
  // comes and goes, at most every 5 min), for all else when it is down.
  News failed(Reason reason, Now now, double chance);
  // The failure told last, if no good reply came since.
  std::optional<Reason> told() const { return told_; }
  // Somebody else's good reply ended that: the next failure is news again, a good reply is not.
  void forget_told() {
    told_.reset();
    told_reasons_ = 0;
  }

  // What was wrong may be mended (a new configuration): ask at once, tell anew.
  void forgive();

  // Not asked before then: nothing until a few failures running, then longer and longer, to 20 s
  // for what may pass by itself and 60 s for what needs a person (keys, permissions, parameters).
  Mono held_until() const { return held_until_; }

  // True for reasons that only a person can mend.
  static bool needs_a_person(Reason reason);

 private:
  static constexpr int kFreeFailures = 2;  // running, before any pause: the next poll is the retry

  bool up_ = false;
  int failures_ = 0;  // running
  Mono failing_since_;
  Mono held_until_ = Mono::min();
  std::optional<Reason> told_;       // last, since the last good reply
  std::uint32_t told_reasons_ = 0;   // one bit for each told since then
  std::optional<Reason> last_told_;  // ever
  Mono told_at_;
  std::optional<Wall> last_good_;
};

}  // namespace taskwatchd
