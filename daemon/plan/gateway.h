// The gateway in front of the modelled platform: the quotas, the account's other programs that
// share them, and random failures. Deterministic for a given seed.
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

// Allows at most `quota` calls in any second; rejected calls do not count. A rate below 1 allows
// one call per 1/rate seconds.
class SlidingLog {
 public:
  explicit SlidingLog(double quota);  // 0: no limit
  // REQUIRES below: times do not decrease.
  bool has_room(Duration at);
  void add(Duration at);

 private:
  std::size_t places_;
  Duration window_;
  std::deque<Duration> taken_;
};

struct Traffic {
  std::uint64_t calls = 0;    // that arrived, including failed ones
  std::uint64_t refused = 0;  // throttled
  std::uint64_t failed = 0;   // for reasons other than throttling

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
  // `quota` in calls per second; 0 or absent: no limit.
  Gateway(const Faults& faults, const std::map<Api, double>& quota, std::uint64_t seed);

  // Processes the arrival of one of our calls. Returns nullopt if it is executed. A time-out is
  // executed too, but its response is lost. REQUIRES: times do not decrease.
  std::optional<Failure> arrive(Api api, Duration at);

  const Traffic& ours() const { return ours_; }
  const Traffic& others() const { return others_; }
  // Maximum number of our calls of one API that arrived in one window [t, t + 1 s).
  std::size_t most_in_a_second() const { return most_; }

 private:
  // Another program that calls one API at regular intervals, from a random phase.
  struct Other {
    double next = 0;  // seconds, without jitter
    Duration at{};    // with jitter
  };
  struct Desk {
    explicit Desk(double quota) : log(quota) {}
    SlidingLog log;
    std::deque<Duration> last_second;  // our calls
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
