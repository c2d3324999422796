// How soon tasks change, learned from those that did: for each unfinished status a life table over
// the time spent in it. The scheduler asks it what a look at a task is worth. Exact instants come
// from UtcModified, so nothing is interval-censored. Pure; never forgets; 3 tables of 20 buckets.
#pragma once

#include <array>

#include "core/task.h"
#include "core/time.h"

namespace taskwatchd {

class Hazard {
 public:
  Hazard();

  // A task was in `status` between the ages `from` and `to` (time since it entered the status);
  // `changed` says whether it left the status at `to`. Ages below zero count as zero.
  void learn(TaskStatus status, Duration from, Duration to, bool changed);

  // The expected time, in seconds, that a change has gone unseen, for a task last seen in `status`
  // at age `seen` and now at age `now`. For a constant rate h over tau = now - seen it is
  // tau - (1 - e^(-h tau)) / h: the greedy index of Olston and Pandey (WWW 2008).
  double unseen_seconds(TaskStatus status, Duration seen, Duration now) const;

 private:
  static constexpr std::size_t kStates = 4;    // QUEUED, SENT, IN_PROGRESS, UNKNOWN
  static constexpr std::size_t kBuckets = 20;  // bucket b ends at 2^b seconds; the last is open

  struct Table {
    std::array<double, kBuckets> changes{};
    std::array<double, kBuckets> exposure{};  // seconds
    // Made from the two above whenever they change, for a look at each task a slot is many.
    std::array<double, kBuckets> rate{};        // changes per second
    std::array<double, kBuckets> cumulative{};  // integral of rate up to the bucket's start
  };
  static std::size_t state_index(TaskStatus status);
  static double bucket_start(std::size_t bucket);
  void refresh(std::size_t state);
  double cumulative(std::size_t state, double age_seconds) const;  // integral of rate from 0

  std::array<Table, kStates> tables_;
};

}  // namespace taskwatchd
