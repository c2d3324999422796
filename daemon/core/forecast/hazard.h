// How soon tasks finish, learned from those that did: for each unfinished status a life table over
// the time since a task was in it, pooled and per job. The scheduler uses it as the priority of
// polling a task. Exact times come from UtcModified, so nothing is interval-censored. No I/O;
// forgets only removed jobs; about 4 kB per job.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/forecast/age_buckets.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

class Hazard {
 public:
  using Group = std::uint32_t;  // a job
  static constexpr Group kPooled = 0;
  static constexpr std::size_t kGroups = 1000;  // jobs with separate tables

  Hazard();

  // Allocates tables for one more job; returns kPooled if there are too many.
  Group add_group();
  // The job has no tasks any more: frees its tables and forgets what was learned from it alone.
  void remove_group(Group group);
  std::size_t groups() const { return groups_.size() - 1 - free_.size(); }  // not pooled

  // The later state of a task that was observed in a status.
  enum class Fate : std::uint8_t { kNotEnded, kEnded, kEndedBad };
  // A task was observed in `status` at age `from`, and observed again at age `to` or finished then.
  // Negative ages count as zero.
  void learn(Group group, TaskStatus status, Duration from, Duration to, Fate fate);

  // Priority of polling a task last observed in `status` at age `seen` and now at age `now`, in
  // seconds, with failures weighing more. For a constant rate h over tau = now - seen it is (e^(h
  // tau) - 1) / h - tau, the Whittle index of a chain that ends once: close to the expected time
  // for which a completion has gone unseen while that is unlikely (h tau^2 / 2), and far above it
  // for a task that has almost certainly finished, which needs only one more poll.
  double priority(Group group, TaskStatus status, Duration seen, Duration now) const;

 private:
  static constexpr std::size_t kStates = 4;  // QUEUED, SENT, IN_PROGRESS, others
  using Ages = AgeBuckets<1, 20>;            // up to 3 days

  struct Bucket {
    double ends = 0;
    double bad_ends = 0;
    double exposure = 0;  // seconds
    // Computed from the above on each change, because reading it for each task per slot is
    // frequent.
    double rate = 0;           // completions per second
    double weighted_rate = 0;  // failures weigh more
    double sum = 0;            // integral of rate up to the bucket's start
    double weighted_sum = 0;   // integral of weighted_rate
    double sum_of_sums = 0;    // integral of the integral of rate
  };
  using Table = std::array<Bucket, Ages::kBuckets>;
  struct Integrals {
    double rate = 0;
    double weighted = 0;
    double twice = 0;
  };
  static std::size_t state_index(TaskStatus status);
  void refresh(Group group, std::size_t state);
  static Integrals integrals(const Table& table, double age_seconds);

  std::deque<std::array<Table, kStates>> groups_;  // [0] is pooled
  std::vector<Group> free_;
};

}  // namespace taskwatchd
