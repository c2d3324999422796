// A job's tasks as a flow through QUEUED, SENT, IN_PROGRESS and the terminal statuses, from its
// statistics alone: each response shows how many tasks have passed each point. Gives the rollout
// rate, the mean run and the hazard of tasks that stay SENT because their device is absent. No I/O;
// 1 to 2 kB.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "core/types/job.h"
#include "core/types/time.h"

namespace taskwatchd {

// A constant hazard, estimated from its recent events: the knowledge of it is Gamma(events,
// exposure), the posterior to the prior 1/hazard. Only the last kWindow events count, to follow a
// falling hazard.
class TailHazard {
 public:
  static constexpr double kWindow = 64;  // events

  // Adds task-seconds without an event, then events at the end of them.
  void add(double exposure, double events);

  double events() const { return events_; }
  double exposure() const { return exposure_ + open_; }
  double events_ever() const { return ever_; }
  // Returns true if the later half of the events is further apart than chance explains: the tasks
  // differ in kind, and the durations of the last ones are not known yet.
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
  // A connected device starts its task within this time.
  static constexpr Duration kQuick = std::chrono::seconds(60);

  // Ignores responses older than the last one.
  void take(const JobStatistics& statistics, Mono at);

  bool empty() const { return past_.empty(); }
  const JobStatistics& last() const { return last_; }
  std::uint32_t queued() const { return count_of(last_.tasks, TaskStatus::kQueued); }
  std::uint32_t sent() const { return count_of(last_.tasks, TaskStatus::kSent); }
  // IN_PROGRESS tasks, and those in an unknown status.
  std::uint32_t running() const;
  std::uint32_t finished() const;
  // Tasks that have left QUEUED.
  double passed() const { return last_.total - queued(); }

  // Tasks per second that leave QUEUED, over the last minutes; nullopt before a second response, 0
  // if none left.
  std::optional<double> rollout() const;
  // Tasks finished since the first response, and finished per second and IN_PROGRESS task.
  double ended() const { return ended_; }
  double end_rate() const { return running_seconds_ > 0 ? ended_ / running_seconds_ : 0; }
  // All SENT tasks have been SENT for longer than kQuick.
  bool quiet() const { return quiet_; }
  // Tasks that left QUEUED in the last kQuick (or longer, if responses are too far apart).
  double sent_lately() const;
  // The age of the oldest of the `count` tasks that started last, as far back as the history goes.
  Duration begun_within(double count) const;

  // Hazard of SENT tasks older than kQuick. The statistics' events are counted while quiet.
  TailHazard& tail() { return tail_; }
  const TailHazard& tail() const { return tail_; }

 private:
  static constexpr std::size_t kKept = 60;
  static constexpr Duration kSpacing = std::chrono::seconds(5);
  struct Passed {
    Mono at;
    std::uint32_t queue;  // tasks that have left QUEUED
    std::uint32_t start;  // of these, tasks that have left SENT
  };

  JobStatistics last_;
  Mono last_at_;
  std::deque<Passed> past_;  // oldest first; the last one is the newest response
  Mono last_inflow_;         // into SENT
  bool quiet_ = false;
  double ended_ = 0;
  double running_seconds_ = 0;
  TailHazard tail_;
};

}  // namespace taskwatchd
