// The probability that all remaining tasks of a job have finished by a given time, for given rates;
// the model is in core/forecast/forecast.h. No I/O; all times in seconds from now.
#pragma once

#include <array>
#include <optional>
#include <utility>

#include "core/forecast/forecast_survey.h"
#include "core/forecast/life_table.h"

namespace taskwatchd {

// The duration of a run: the life table's curve up to the timeout, then a grace period of seconds.
struct RunTime {
  Survival curve;
  std::optional<double> timeout;
  double grace = 0;  // TIMED_OUT comes within this after the timeout, uniformly
  double hangs = 0;  // share that lasts until the timeout, if any, whatever the curve says

  double lasts(double age) const;  // P(a run takes longer), before the timeout
  // P(a run at age `age` has ended within `more`).
  double ended(double age, double more) const;
  // The age by which the share p of new runs has ended.
  double quantile(double p) const;
};

struct TasksLeft {
  double queued = 0;
  double rate = 0;    // tasks per second that leave QUEUED
  double delay = 0;   // time in SENT if the device is connected
  double fresh = 0;   // SENT just now
  double away = 0;    // SENT, with an absent device
  double share = 0;   // share of absent devices among the tasks to be sent
  double unread = 0;  // IN_PROGRESS as counted, but not observed...
  double begun = 0;   // ...and started within this many seconds
  double held = 0;    // weight of each task in the survey's ages
  const ForecastSurvey* survey = nullptr;
};

class EndOdds {
 public:
  // `returns`, `exposure`: Gamma posterior of the hazard of return; 0 events: no device is absent.
  // Keeps the survey's address.
  EndOdds(const RunTime& run, const TasksLeft& left, double returns, double exposure);

  // P(all finished within `span`). Never decreases with `span`.
  double ended(double span) const;
  // The span at which P reaches p, at least `from`; infinity if above `to`.
  double reach(double p, double from, double to) const;

 private:
  static constexpr std::size_t kHazards = 12;
  static constexpr std::size_t kAtoms = 10;
  struct Atom {
    double run = 0, weight = 0;
  };

  double log_running(double span) const;
  double log_coming(double span) const;
  double returned(double span, double hazard) const;
  double log_away(double span, double hazard) const;

  const RunTime& run_;
  TasksLeft left_;
  std::array<double, kHazards> hazards_{};
  std::array<Atom, kAtoms> atoms_;  // durations of the run after a return
};

}  // namespace taskwatchd
