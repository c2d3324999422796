// Forecasts when a job's last task will finish, and after how long without a change a task is
// stalled, from the durations of the job's own tasks. What never happened in a job is not forecast
// for it, except its timeout. No I/O, no failures. Event-loop thread only; the caller passes the
// time. At most 5 kB per job.
#pragma once

#include <optional>

#include "core/forecast/forecast_flow.h"
#include "core/forecast/forecast_survey.h"
#include "core/forecast/life_table.h"
#include "core/types/job.h"
#include "core/types/time.h"

namespace taskwatchd {

// The last completion is the maximum over the remaining tasks: P(all finished by T) is the product
// of each task's P(finished by T), and the estimates are the T at which it is 0.5 and 0.9.
// - IN_PROGRESS at age a: 1 - S(a + T) / S(a), S being the job's own life table of runs (events /
//   exposure with delayed entry), cut off at the timeout. Hangs are its long flat end; before any
//   hang was seen, a quarter of one hang is assumed in addition to the runs that ended.
// - SENT for over a minute: the device is absent. It comes back at a constant hazard h; the
//   knowledge of h is Gamma(events, exposure), over which P is averaged, so that the maximum of n
//   tasks is as uncertain as the data (Lawless, Statistical Models and Methods for Lifetime Data,
//   chapter 4). Then the task runs. Events and exposure come from the statistics once QUEUED is
//   empty, and before that from the tasks that responses showed to have absent devices.
// - QUEUED: the k-th task leaves after k / rate, with the measured rate, at first the configured
//   one. The share with absent devices is that of the tasks already sent.
// A task is stalled if its last change is longer ago than 1.5 times the age by which 99 % have left
// the status. For runs: 99 % of those that end before the timeout; the flat part of S are those
// that do not (cure model: Maller and Zhou, Survival Analysis with Long-Term Survivors, 1996).

// Relative to the time of the forecast. Either both quantiles or neither are present.
struct JobForecast {
  std::optional<Duration> half;  // the last task has finished by then with probability 0.5
  std::optional<Duration> most;  // 0.9; not below `half`
  // A task in that status without a change for longer is stalled; absent while too little is known.
  std::optional<Duration> stalled_sent;
  std::optional<Duration> stalled_in_progress;

  // For a task last known in `status`, whose UtcModified is `moved`, last observed at `seen`. A
  // SENT task must have been observed waiting for so long: it may have started since then. A
  // completion would have been noticed.
  bool is_stalled(TaskStatus status, Wall moved, Wall seen, Wall now) const;
  // False if too little is known to call a task in that status stalled.
  bool has_limit(TaskStatus status) const {
    if (status == TaskStatus::kSent) return stalled_sent.has_value();
    return status != TaskStatus::kInProgress || stalled_in_progress.has_value();
  }
};

class Forecast {
 public:
  // From QueryJob; either may be absent.
  void describe(std::optional<Duration> timeout, std::optional<double> rollout_per_minute);

  // Call for every successful QueryJobStatistics response of the job; `at`: receive time.
  void statistics(const JobStatistics& statistics, Mono at) { flow_.take(statistics, at); }

  // Call for every accepted response or list row with a task of the job, even without a change: its
  // previous state (null for a first observation) and its current one.
  void observe(const TaskSample* before, const TaskSample& after);

  // Computes the forecast. Takes 0.1 to 1 ms; every 10 s is often enough, and less than once a
  // minute is too rare during the rollout. `survey` has all observed unfinished tasks of the job.
  // The time of the last completion is absent
  // - without statistics, or when all tasks are finished,
  // - before kEnds tasks finished while being watched,
  // - while tasks are QUEUED and none leaves, or none was seen to leave and no rate is configured,
  // - while tasks may be SENT to absent devices, and fewer than kReturns came back while being
  //   watched, or they come back more and more rarely; until one minute after the rollout also
  //   while too few SENT tasks were observed,
  // - if it is more than kHorizon away.
  JobForecast estimate(const ForecastSurvey& survey, Now now);

  static constexpr double kEnds = 20;
  static constexpr double kReturns = 5;
  static constexpr double kStallEvents = 30;
  static constexpr Duration kHorizon = std::chrono::hours(24 * 30);

 private:
  // SENT tasks that responses showed, in two periods of kSampleSpan.
  static constexpr Duration kSampleSpan = std::chrono::minutes(2);
  static constexpr double kSentSamples = 30;
  struct SentSamples {
    Wall begin;
    double all = 0;
    double away = 0;  // sent more than Flow::kQuick ago
  };

  void see_sent(const TaskSample& task);
  void leave_sent(const TaskSample& before, const TaskSample& after);
  void end_run(const TaskSample& before, const TaskSample& after);
  void watch_away(const ForecastSurvey& survey, Mono now);
  double lag() const { return notices_ > 0 ? notice_lag_ / notices_ : 0; }
  std::optional<double> away(const ForecastSurvey& survey, Wall now) const;
  double share_away(double away) const;
  double exposure() const;
  std::optional<Duration> stall_sent(const ForecastSurvey& survey, Wall now) const;
  std::optional<Duration> stall_run(const ForecastSurvey& survey) const;
  void estimate_end(const ForecastSurvey& survey, Now now, JobForecast& out) const;

  std::optional<Duration> timeout_;
  std::optional<double> rollout_;  // per second
  Flow flow_;
  LifeTable runs_;
  SentSamples samples_, samples_before_;
  double late_ = 0, latest_ = 0;  // TIMED_OUT tasks, and their maximum delay in seconds
  Mono watched_away_ = Mono::min();
  double held_away_ = 0;
  double notices_ = 0;     // returns of devices that a response showed
  double notice_lag_ = 0;  // delay until it did: sum of seconds
};

}  // namespace taskwatchd
