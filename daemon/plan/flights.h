// The calls in flight between the planner and the modelled platform. They arrive and return in
// order of time, which may differ from the order of sending, because each has its own latency.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <random>
#include <vector>

#include "account/account.h"
#include "plan/platform.h"

namespace taskwatchd::plan {

class Flights {
 public:
  // A call takes half of `rtt` each way, plus the jitter. `platform` must outlive this object.
  Flights(Platform& platform, Duration rtt, Duration jitter, std::uint64_t seed);

  // REQUIRES: `now` does not decrease, here and below.
  void send(Call call, Duration now);
  std::size_t in_flight() const { return under_way_.size() + answered_.size(); }
  // Returns the time of the next response if it is before `limit`, otherwise `limit`. Nothing may
  // be sent before the returned time.
  Duration next_answer(Duration limit);
  // Removes and returns the earliest response that has arrived by now.
  std::optional<CallResult> take(Duration now);

 private:
  struct Flight {
    Duration at{};  // of arrival at the platform, or of the return
    std::uint64_t number = 0;
    Duration sent{};
    CallResult answer;
    bool operator>(const Flight& other) const {
      return std::pair(at, number) > std::pair(other.at, other.number);
    }
  };
  using Queue = std::priority_queue<Flight, std::vector<Flight>, std::greater<>>;

  Duration way();
  void land(Duration until);

  Platform& platform_;
  Duration rtt_;
  std::normal_distribution<double> jitter_;
  bool has_jitter_;
  std::mt19937_64 random_;
  std::uint64_t number_ = 0;
  Queue under_way_, answered_;
};

}  // namespace taskwatchd::plan
