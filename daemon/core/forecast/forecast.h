// When a job's last task will end, and after how long without movement a task of it is stalled, by
// what its own tasks have needed so far. What never happened in a job is not foreseen for it, save
// its timeout. Pure, loop's thread, time passed in, nothing to fail; at most 5 kB a job.
#pragma once

#include <optional>

#include "core/forecast/forecast_flow.h"
#include "core/forecast/forecast_survey.h"
#include "core/forecast/life_table.h"
#include "core/types/job.h"
#include "core/types/time.h"

namespace taskwatchd {

// The last end is the maximum over the tasks left: P(all ended by T) is the product of each one's
// P(ended by T), and the estimates are the T where it is 0.5 and 0.9.
// - IN_PROGRESS at age a: 1 - S(a + T) / S(a), S the job's own life table of runs (events over
//   exposure with delayed entry), cut off at the timeout. Hangs are its long flat end; before any
//   was seen, a quarter of one among those that ended is taken for granted.
// - SENT for over a minute: the device is away. It comes back at a constant hazard h; what is known
//   of h is Gamma(events, exposure), over which P is averaged, so that the maximum of n is as wide
//   as the data leave it (Lawless, Statistical Models and Methods for Lifetime Data, chapter 4).
//   Then it runs. Events and exposure are the statistics' once QUEUED is empty, and before that
//   those of the tasks that replies showed to be away.
// - QUEUED: the k-th leaves after k / rate, the rate as measured, at first as configured. The share
//   of them that finds its device away is that of those already sent.
//
// Stalled is what moved longer ago than 1.5 times the age by which 99 % have left the status. Of
// runs, 99 % of those that end before the timeout: where S stays flat are those that do not (cure
// model: Maller and Zhou, Survival Analysis with Long-Term Survivors, 1996).

// From the instant it was made. Both spans of the end or neither.
struct Outlook {
  std::optional<Duration> half;  // the last task has ended by then with probability 0.5
  std::optional<Duration> most;  // 0.9; not below `half`
  // A task in that status that has not moved for longer is stalled; absent while too little is
  // known.
  std::optional<Duration> stalled_sent;
  std::optional<Duration> stalled_in_progress;

  // For a task held in `status`, whose UtcModified is `moved`, last seen so at `seen`. A SENT one
  // must have been seen to wait so long: it may have started since. An end would have been noticed.
  bool is_stalled(TaskStatus status, Wall moved, Wall seen, Wall now) const;
};

class Forecast {
 public:
  // What QueryJob says; either may be absent.
  void describe(std::optional<Duration> timeout, std::optional<double> rollout_per_minute);

  // Every good QueryJobStatistics reply of the job, `at` its receipt.
  void statistics(const JobStatistics& statistics, Mono at) { flow_.take(statistics, at); }

  // Every believed reply or list row that names a task of the job, also if it is no news: what was
  // held before (null at first sight) and what is held now.
  void looked(const Sight* before, const Sight& after);

  // Foresees. Costs 0.1 to 1 ms; every 10 s is often enough, and less than every minute too rare
  // during the roll-out. `survey` has all tasks of the job that were seen and are not finished. The
  // end is absent
  // - without statistics, or when all tasks are finished,
  // - before kEnds tasks ended under watch,
  // - while tasks are QUEUED and none leaves, or none was seen to and no rate is configured,
  // - while tasks may be SENT to devices that are away, and fewer than kReturns came back under
  //   watch, or they come back ever more rarely; until a minute after the roll-out, also while too
  //   few SENT ones were read to tell,
  // - if it is over kHorizon away.
  Outlook look_ahead(const ForecastSurvey& survey, Now now);

  static constexpr double kEnds = 20;
  static constexpr double kReturns = 5;
  static constexpr double kStallEvents = 30;
  static constexpr Duration kHorizon = std::chrono::hours(24 * 30);

 private:
  // SENT tasks that replies showed, in two spans of kSightSpan.
  static constexpr Duration kSightSpan = std::chrono::minutes(2);
  static constexpr double kSights = 30;
  struct Sights {
    Wall begin;
    double all = 0;
    double away = 0;  // sent over Flow::kQuick ago
  };

  void see_sent(const Sight& task);
  void leave_sent(const Sight& before, const Sight& after);
  void end_run(const Sight& before, const Sight& after);
  void watch_away(const ForecastSurvey& survey, Mono now);
  double lag() const { return notices_ > 0 ? notice_lag_ / notices_ : 0; }
  std::optional<double> away(const ForecastSurvey& survey, Wall now) const;
  double share_away(double away) const;
  double exposure() const;
  std::optional<Duration> stall_sent(const ForecastSurvey& survey, Wall now) const;
  std::optional<Duration> stall_run(const ForecastSurvey& survey) const;
  void foresee_end(const ForecastSurvey& survey, Now now, Outlook& out) const;

  std::optional<Duration> timeout_;
  std::optional<double> rollout_;  // a second
  Flow flow_;
  LifeTable runs_;
  Sights sights_, sights_before_;
  double late_ = 0, latest_ = 0;  // TIMED_OUT ones and by how many seconds, at most
  Mono watched_away_ = Mono::min();
  double held_away_ = 0;
  double notices_ = 0;     // returns that a reply showed
  double notice_lag_ = 0;  // how late it did: sum of seconds
};

}  // namespace taskwatchd
