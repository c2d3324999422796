// What stands between the callers and the modelled cloud: the quotas, the account's other programs
// that use them too, and calls that fail by chance. Deterministic from the seed.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>

#include "core/types/api.h"
#include "core/types/outcome.h"
#include "plan/faults.h"

namespace taskwatchd::plan {

// At most so many calls in any second; one that is refused takes no place. A rate below 1 is one
// call in 1/rate s.
class SlidingLog {
 public:
  explicit SlidingLog(double quota);  // 0: no limit
  // REQUIRES below: instants do not fall.
  bool has_room(Duration at);
  void add(Duration at);

 private:
  std::size_t places_;
  Duration window_;
  std::deque<Duration> taken_;
};

struct Traffic {
  std::uint64_t calls = 0;    // that arrived, also those that failed
  std::uint64_t refused = 0;  // answered throttled
  std::uint64_t failed = 0;   // otherwise than throttled

  Traffic& operator+=(const Traffic& other) {
    calls += other.calls;
    refused += other.refused;
    failed += other.failed;
    return *this;
  }
  double refused_ratio() const {
    return calls == 0 ? 0 : static_cast<double>(refused) / static_cast<double>(calls);
  }
};

class Gateway {
 public:
  // `quota` in calls/s; 0 or absent: no limit.
  Gateway(const Faults& faults, const std::map<Api, double>& quota, std::uint64_t seed);

  // A call of ours arrives. Nothing: it is answered. A time-out is answered as well, but nobody
  // hears it. REQUIRES: instants do not fall.
  std::optional<Failure> arrive(Api api, Duration at);

  const Traffic& ours() const { return ours_; }
  const Traffic& others() const { return others_; }
  // The most calls of ours of one API that arrived in one window [t, t + 1 s).
  std::size_t most_in_a_second() const { return most_; }

 private:
  // A program beside ours that calls one API evenly, from a phase that chance gave it.
  struct Other {
    double next = 0;  // s, without jitter
    Duration at{};    // with it
  };
  struct Desk {
    explicit Desk(double quota) : log(quota) {}
    SlidingLog log;
    std::deque<Duration> last_second;  // ours
    Other other;
  };

  void let_others_in(Duration until);
  void plan_next(Other& other);
  bool admit(Desk& desk, Duration at);
  void count(Desk& desk, Duration at);

  Faults faults_;
  std::mt19937_64 random_, others_random_;
  std::map<Api, Desk> desks_;
  SlidingLog shared_;
  Traffic ours_, others_;
  std::size_t most_ = 0;
};

}  // namespace taskwatchd::plan
