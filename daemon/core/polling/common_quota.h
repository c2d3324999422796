// Detects whether a limit that is not configured applies to the calls of all APIs of an account
// together. Such a limit has an edge: a call is throttled if n calls were accepted in the second
// before it, whatever their APIs, and accepted if they were fewer. Limits of single APIs show such
// edges in the counts of one API; random throttling, or throttling caused by other programs, shows
// none. No I/O. Event-loop thread only; the caller passes the time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "core/types/api.h"
#include "core/types/time.h"

namespace taskwatchd {

class CommonQuota {
 public:
  // The window in which the platform counts calls.
  static constexpr Duration kWindow = std::chrono::seconds(1);

  // A call is being sent; it is resolved. `throttled`: nullopt if no response came.
  void on_departure(std::uint64_t call, Api api, Mono now);
  void on_end(std::uint64_t call, std::optional<bool> throttled);

  // Returns the shared limit in calls/s, once the last calls (at most 200 and 60 s) show it.
  std::optional<std::size_t> find() const;
  // The same for a limit found before: a few throttled calls suffice to confirm it.
  bool confirms(std::size_t limit) const;
  // Returns true if calls were accepted that this limit would have throttled.
  bool contradicts(std::size_t limit) const;
  // The calls so far are no longer evidence, but they still fill the platform's window.
  void forget_samples() { samples_.clear(); }
  void clear();

 private:
  struct Call {
    std::uint64_t number;
    Api api;
    Mono departed;
    bool ended = false;
    std::optional<bool> throttled = {};
  };
  // A call, and how many calls were accepted in the second before it.
  struct Sample {
    Api api;
    Mono departed;
    bool throttled;
    std::size_t of_all;
    std::size_t of_api;
  };
  // Number of calls accepted before -> how many were accepted [0] or throttled [1].
  using Edge = std::map<std::size_t, std::array<std::size_t, 2>>;
  struct Fit {
    std::size_t limit;
    std::size_t exceptions;
  };
  static Fit best_fit(const Edge& edge);
  void judge(const Call& call);

  std::deque<Call> calls_;     // from the first unresolved one on, in sending order
  std::deque<Call> accepted_;  // in the second before the last sample
  std::deque<Sample> samples_;
};

}  // namespace taskwatchd
