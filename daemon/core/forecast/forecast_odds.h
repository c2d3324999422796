// The odds that all tasks left of a job have ended by an instant, for given rates; see
// core/forecast/forecast.h for the model. Pure; seconds from now throughout.
#pragma once

#include <array>
#include <optional>
#include <utility>

#include "core/forecast/forecast_survey.h"
#include "core/forecast/life_table.h"

namespace taskwatchd {

// How long a run takes: the table's curve up to the timeout, then a few seconds' grace.
struct RunTime {
  Survival curve;
  std::optional<double> timeout;
  double grace = 0;  // TIMED_OUT comes within this after the timeout, evenly
  double hangs = 0;  // share that lasts to the timeout whatever the curve says, if there is one

  double lasts(double age) const;  // P(a run takes longer), before the timeout
  // P(a run at `age` has ended within `more`).
  double ended(double age, double more) const;
  // The age by which the share p of new runs has ended.
  double quantile(double p) const;
};

struct TasksLeft {
  double queued = 0;
  double rate = 0;    // a second leave QUEUED
  double delay = 0;   // SENT, if the device is there
  double fresh = 0;   // SENT just now
  double away = 0;    // SENT, but the device is away
  double share = 0;   // of those to be sent whose device is away
  double unread = 0;  // IN_PROGRESS as counted, but no reply named them...
  double begun = 0;   // ...and began within so many seconds
  double held = 0;    // weight of each in the survey's ages
  const ForecastSurvey* survey = nullptr;
};

class EndOdds {
 public:
  // `returns`, `exposure`: Gamma posterior of the hazard of return; 0 events: none is away.
  // Keeps the survey's address.
  EndOdds(const RunTime& run, const TasksLeft& left, double returns, double exposure);

  // P(all ended within `span`). Never falls with it.
  double ended(double span) const;
  // The span where it reaches p; `from` or more. Infinity if over `to`.
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
  std::array<Atom, kAtoms> atoms_;  // of the run of one that comes back
};

}  // namespace taskwatchd
