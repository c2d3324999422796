// Whether one limit that nobody named holds for the calls of all APIs of an account together. Such
// a limit shows an edge: a call is throttled if n calls were accepted in the second before it,
// whatever their APIs, and accepted if they were fewer. Limits of single APIs show such edges in
// the counts of one API; throttling at random or by what other programs call shows none.
// No I/O; the caller passes the time. Event-loop thread only.
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

  // A call leaves; it ends. `throttled`: nullopt if no reply came.
  void on_departure(std::uint64_t call, Api api, Mono now);
  void on_end(std::uint64_t call, std::optional<bool> throttled);

  // Calls/s of all APIs together, once the last calls (at most 200 and 60 s) show it.
  std::optional<std::size_t> find() const;
  // The same for a limit that was found before: a few throttled calls confirm it.
  bool confirms(std::size_t limit) const;
  // Calls were accepted that it would have throttled.
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
  // A call and how many were accepted in the second before it.
  struct Sample {
    Api api;
    Mono departed;
    bool throttled;
    std::size_t of_all;
    std::size_t of_api;
  };
  // By the number of calls accepted before: how many were accepted, how many throttled.
  using Edge = std::map<std::size_t, std::array<std::size_t, 2>>;
  struct Fit {
    std::size_t limit;
    std::size_t exceptions;
  };
  static Fit best_fit(const Edge& edge);
  void judge(const Call& call);

  std::deque<Call> calls_;     // from the first that has not ended, in the order they left
  std::deque<Call> accepted_;  // in the second before the last sample
  std::deque<Sample> samples_;
};

}  // namespace taskwatchd
