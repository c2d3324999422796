// A job's tasks as a stream through QUEUED, SENT, IN_PROGRESS and the ends, by its statistics
// alone: each count says at every reply how many have passed each point. Gives the roll-out rate,
// the mean run and the hazard of tasks that stay SENT because their device is away. Pure; a
// kilobyte or two.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "core/types/job.h"
#include "core/types/time.h"

namespace taskwatchd {

// A constant hazard, by its recent events: Gamma(events, exposure) is what is known of it, the
// posterior to the prior 1/hazard. Only the last kWindow events count, so that a hazard that falls
// is followed.
class TailHazard {
 public:
  static constexpr double kWindow = 64;  // events

  // So many task-seconds without, then so many events at once.
  void add(double exposure, double events);

  double events() const { return events_; }
  double exposure() const { return exposure_ + open_; }
  double events_ever() const { return ever_; }
  // The later half of the events is further apart than chance makes it: the tasks are not of one
  // kind, and those that come back last are yet to show how long they take.
  bool falls() const;

 private:
  struct Batch {
    float exposure;
    float events;
  };
  std::deque<Batch> batches_;
  double events_ = 0, exposure_ = 0;
  double open_ = 0;  // exposure since the last event
  double ever_ = 0;
};

class Flow {
 public:
  // A device that is there takes up its task within this.
  static constexpr Duration kQuick = std::chrono::seconds(60);

  // Replies older than the last one are ignored.
  void take(const JobStatistics& statistics, Mono at);

  bool empty() const { return past_.empty(); }
  const JobStatistics& last() const { return last_; }
  std::uint32_t queued() const { return count_of(last_.tasks, TaskStatus::kQueued); }
  std::uint32_t sent() const { return count_of(last_.tasks, TaskStatus::kSent); }
  // IN_PROGRESS, and those in a status that we do not know.
  std::uint32_t running() const;
  std::uint32_t finished() const;
  // Those that have left QUEUED.
  double passed() const { return last_.total - queued(); }

  // Tasks a second that leave QUEUED, over the last minutes; nothing before a second reply, 0 if
  // none left.
  std::optional<double> rollout() const;
  // Tasks that ended since the first reply, and how many a second of each that was IN_PROGRESS.
  double ended() const { return ended_; }
  double end_rate() const { return running_seconds_ > 0 ? ended_ / running_seconds_ : 0; }
  // Every SENT task has been so for longer than kQuick.
  bool quiet() const { return quiet_; }
  // Tasks that left QUEUED in the last kQuick (or more: as far as the replies can tell).
  double sent_lately() const;
  // The age of the oldest of the `count` tasks that began to run last, as far back as is kept.
  Duration begun_within(double count) const;

  // Of SENT tasks older than kQuick. Events of the statistics are counted while quiet.
  TailHazard& tail() { return tail_; }
  const TailHazard& tail() const { return tail_; }

 private:
  static constexpr std::size_t kKept = 60;
  static constexpr Duration kSpacing = std::chrono::seconds(5);
  struct Passed {
    Mono at;
    std::uint32_t queue;  // tasks that have left QUEUED
    std::uint32_t start;  // those that have also left SENT
  };

  JobStatistics last_;
  Mono last_at_;
  std::deque<Passed> past_;  // oldest first; the newest is the last reply
  Mono last_inflow_;         // of SENT
  bool quiet_ = false;
  double ended_ = 0;
  double running_seconds_ = 0;
  TailHazard tail_;
};

}  // namespace taskwatchd
