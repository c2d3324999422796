// Runs the limiter on a virtual clock against a modelled platform: a sliding log of one second,
// other programs that share the quota, and random throttling.
#pragma once

#include <deque>
#include <functional>
#include <queue>
#include <random>
#include <vector>

#include "core/polling/limiter.h"

namespace taskwatchd {

struct LimiterWorld {
  std::size_t quota = 5;    // calls/s
  double length = 600;      // s
  double counted_from = 0;  // s
  double round_trip = 0.060;
  double jitter = 0.002;    // s, each way
  double at_random = 0;     // share of our calls throttled at any rate
  double others = 0;        // calls/s of other programs, evenly spaced, with a random phase
  double others_guard = 0;  // s, added to each gap between their calls
  double others_jitter = 0.002;
  std::function<bool(double)> others_there = [](double) { return true; };
  // Returns whether one of our calls that arrives at this time is throttled.
  std::function<bool(double)> refuses = [](double) { return false; };
  unsigned seed = 1;
};

struct LimiterResult {
  double used = 0;       // accepted calls/s of ours
  double throttled = 0;  // share of our calls
  double others_throttled = 0;
  double rate = 0;      // mean of Limiter::rate
  double end_rate = 0;  // at the end
};

class LimiterSimulation {
 public:
  explicit LimiterSimulation(const LimiterWorld& world)
      : world_(world), random_(world.seed), limiter_(static_cast<double>(world.quota), 1, at(0)) {}

  LimiterResult run() {
    if (world_.others > 0) {
      others_next_ = unit() / world_.others;
      schedule_others(0);
    }
    double now = 0;
    while (now < world_.length) {
      const Mono slot = limiter_.next();
      const double send = seconds(slot - at(0));
      if (events_.empty() || send <= events_.top().time) {
        if (send > world_.counted_from) {
          rate_sum_ += limiter_.rate() * (send - std::max(now, world_.counted_from));
        }
        now = send;
        limiter_.sent(slot);
        events_.push({send + way(), Kind::kOurs, slot, false});
        continue;
      }
      const Event event = events_.top();
      events_.pop();
      if (event.time > world_.counted_from) {
        rate_sum_ += limiter_.rate() * (event.time - std::max(now, world_.counted_from));
      }
      now = event.time;
      handle(event);
    }
    return result();
  }

 private:
  enum class Kind { kOurs, kAnswer, kOthers };
  struct Event {
    double time;
    Kind kind;
    Mono departed;
    bool throttled;
    bool operator<(const Event& other) const { return time > other.time; }  // earliest on top
  };
  struct Count {
    double calls = 0;
    double throttled = 0;
    double share() const { return calls > 0 ? throttled / calls : 0; }
  };

  static Mono at(double s) { return Mono(std::chrono::hours(1)) + from_seconds(s); }
  double unit() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  double way() { return world_.round_trip / 2 + unit() * world_.jitter; }

  void handle(const Event& event) {
    switch (event.kind) {
      case Kind::kOurs: {
        const bool chance = unit() < world_.at_random;
        const bool throttled = world_.refuses(event.time) || !accept(event.time) || chance;
        count(ours_, event.time, throttled);
        events_.push({event.time + way(), Kind::kAnswer, event.departed, throttled});
        return;
      }
      case Kind::kAnswer:
        if (event.throttled) {
          limiter_.on_throttled(event.departed, at(event.time));
        } else {
          limiter_.on_accepted(event.departed, at(event.time));
        }
        return;
      case Kind::kOthers:
        if (world_.others_there(event.time)) count(others_, event.time, !accept(event.time));
        others_next_ += 1 / world_.others + world_.others_guard;
        schedule_others(event.time);
        return;
    }
  }

  void schedule_others(double now) {
    const double time = std::max(now, others_next_ + unit() * world_.others_jitter);
    events_.push({time, Kind::kOthers, {}, false});
  }

  bool accept(double time) {
    while (!accepted_.empty() && time - accepted_.front() >= 1) accepted_.pop_front();
    if (accepted_.size() >= world_.quota) return false;
    accepted_.push_back(time);
    return true;
  }

  void count(Count& whose, double time, bool throttled) const {
    if (time <= world_.counted_from) return;
    ++whose.calls;
    if (throttled) ++whose.throttled;
  }

  LimiterResult result() const {
    const double counted = world_.length - world_.counted_from;
    return {(ours_.calls - ours_.throttled) / counted, ours_.share(), others_.share(),
            rate_sum_ / counted, limiter_.rate()};
  }

  const LimiterWorld& world_;
  std::mt19937_64 random_;
  Limiter limiter_;
  std::priority_queue<Event> events_;
  std::deque<double> accepted_;
  double others_next_ = 0;
  double rate_sum_ = 0;
  Count ours_;
  Count others_;
};

// The mean and the worst results of many seeds.
struct LimiterResults {
  LimiterResult mean;
  LimiterResult worst;
};

inline LimiterResults simulate(LimiterWorld world, unsigned seeds = 20) {
  LimiterResults results;
  results.worst = {1e9, 0, 0, 1e9, 1e9};
  for (world.seed = 1; world.seed <= seeds; ++world.seed) {
    const LimiterResult one = LimiterSimulation(world).run();
    const double part = 1.0 / seeds;
    LimiterResult& mean = results.mean;
    mean.used += part * one.used;
    mean.throttled += part * one.throttled;
    mean.others_throttled += part * one.others_throttled;
    mean.rate += part * one.rate;
    mean.end_rate += part * one.end_rate;
    LimiterResult& worst = results.worst;
    worst.used = std::min(worst.used, one.used);
    worst.throttled = std::max(worst.throttled, one.throttled);
    worst.others_throttled = std::max(worst.others_throttled, one.others_throttled);
    worst.rate = std::min(worst.rate, one.rate);
    worst.end_rate = std::min(worst.end_rate, one.end_rate);
  }
  return results;
}

}  // namespace taskwatchd
