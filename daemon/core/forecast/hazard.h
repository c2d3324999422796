// How soon tasks end, learned from those that did: for each unfinished status a life table over
// the time since a task was in it, pooled and per job. The scheduler asks it what a look at a task
// is worth. Exact instants come from UtcModified, so nothing is interval-censored. Pure; forgets
// nothing but jobs that are removed; some 4 kB a job.
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
  static constexpr std::size_t kGroups = 1000;  // jobs with tables of their own

  Hazard();

  // Room for one more job's tables; kPooled once there are too many.
  Group add_group();
  // The job has no tasks any more: what was learned of it alone is forgotten, and its room is free.
  void remove_group(Group group);
  std::size_t groups() const { return groups_.size() - 1 - free_.size(); }  // beside the pooled

  // What became of a task that was seen in a status.
  enum class Fate : std::uint8_t { kNotEnded, kEnded, kEndedBad };
  // A task was seen in `status` at the age `from` and looked at again at the age `to`, or ended
  // then. Ages below zero count as zero.
  void learn(Group group, TaskStatus status, Duration from, Duration to, Fate fate);

  // What a look is worth, in seconds, bad ends weighing more, at a task last seen in `status` at
  // the age `seen` and now at the age `now`. For a constant rate h over tau = now - seen it is
  // (e^(h tau) - 1) / h - tau, the Whittle index of a chain that ends once: like the time an end is
  // expected to have gone unseen while an end is unlikely (h tau^2 / 2), and far above it for a
  // task that has surely ended, which leaves after one look.
  double worth(Group group, TaskStatus status, Duration seen, Duration now) const;

 private:
  static constexpr std::size_t kStates = 4;  // QUEUED, SENT, IN_PROGRESS, others
  using Ages = AgeBuckets<1, 20>;            // up to 3 days

  struct Bucket {
    double ends = 0;
    double bad_ends = 0;
    double exposure = 0;  // seconds
    // Made from the above whenever they change, for a look at each task a slot is many.
    double rate = 0;           // ends per second
    double weighted_rate = 0;  // bad ones weigh more
    double sum = 0;            // integral of rate up to the bucket's start,
    double weighted_sum = 0;   // of weighted_rate
    double sum_of_sums = 0;    // and of the integral of rate
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
