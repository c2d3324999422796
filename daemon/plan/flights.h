// The calls between the planner and the modelled cloud. They arrive and come back in the order of
// the instants, not in that of sending: the way of each takes its own time.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <random>
#include <vector>

#include "account/account.h"
#include "plan/cloud.h"

namespace taskwatchd::plan {

class Flights {
 public:
  // A call needs half of `rtt` each way, and the jitter. `cloud` must outlive this.
  Flights(Cloud& cloud, Duration rtt, Duration jitter, std::uint64_t seed);

  // REQUIRES: `now` does not fall, here and below.
  void send(Call call, Duration now);
  std::size_t in_flight() const { return under_way_.size() + answered_.size(); }
  // When the next answer comes, if that is before `limit`; else `limit`. Nothing may be sent before
  // the instant that is returned.
  Duration next_answer(Duration limit);
  // An answer that has come by now; the earliest first.
  std::optional<Answer> take(Duration now);

 private:
  struct Flight {
    Duration at{};  // there, or back again
    std::uint64_t number = 0;
    Duration sent{};
    Answer answer;
    bool operator>(const Flight& other) const {
      return std::pair(at, number) > std::pair(other.at, other.number);
    }
  };
  using Queue = std::priority_queue<Flight, std::vector<Flight>, std::greater<>>;

  Duration way();
  void land(Duration until);

  Cloud& cloud_;
  Duration rtt_;
  std::normal_distribution<double> jitter_;
  bool has_jitter_;
  std::mt19937_64 random_;
  std::uint64_t number_ = 0;
  Queue under_way_, answered_;
};

}  // namespace taskwatchd::plan
