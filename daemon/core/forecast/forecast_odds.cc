#include "core/forecast/forecast_odds.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace taskwatchd {
namespace {

// Quantiles of the standard normal at the middles of 12 equal shares; the other six mirror these.
constexpr std::array<double, 6> kNormal = {0.1046, 0.3186, 0.5485, 0.8122, 1.1503, 1.7317};
// Shares of runs, finer towards the end.
constexpr std::array<double, 11> kShares = {0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1};
constexpr int kWaves = 4;             // of tasks that are sent and find their device absent
constexpr double kWaveGrowth = 0.25;  // size of a wave, as a share of the QUEUED tasks behind it
constexpr double kPrecision = 0.002;

// count * log(p); 0 if count is 0, even if p is 0.
double log_all(double count, double p) {
  if (count <= 0) return 0;
  return p > 0 ? count * std::log(p) : -std::numeric_limits<double>::infinity();
}

}  // namespace

double RunTime::lasts(double age) const {
  const double ends = std::exp(-curve.cumulative(age));
  return timeout ? hangs + (1 - hangs) * ends : ends;
}

double RunTime::ended(double age, double more) const {
  if (more <= 0) return 0;
  if (!timeout || age + more < *timeout) return 1 - lasts(age + more) / lasts(age);
  // Uniform within the grace period, or within what is left of it.
  const double wait = std::max(0.0, *timeout - age);
  const double late = grace > 0 ? std::min(1.0, (more - wait) / grace) : 1;
  const double to_timeout = wait > 0 ? lasts(*timeout) / lasts(age) : 1;
  return 1 - to_timeout * (1 - late);
}

double RunTime::quantile(double p) const {
  if (timeout) {
    if (1 - p <= lasts(*timeout)) return *timeout + grace / 2;
    p /= 1 - hangs;
  }
  return curve.age_at(-std::log1p(-p));
}

EndOdds::EndOdds(const RunTime& run, const TasksLeft& left, double returns, double exposure)
    : run_(run), left_(left) {
  for (std::size_t i = 0; i < kAtoms; ++i) {
    atoms_[i] = {run.quantile((kShares[i] + kShares[i + 1]) / 2), kShares[i + 1] - kShares[i]};
  }
  if (returns <= 0 || exposure <= 0) return;
  // Wilson and Hilferty (1931): the cube root of a Gamma variable is approximately normal.
  for (std::size_t i = 0; i < kHazards; ++i) {
    const double z = kNormal[i / 2] * (i % 2 == 0 ? 1 : -1);
    const double root = 1 - 1 / (9 * returns) + z / (3 * std::sqrt(returns));
    hazards_[i] = returns * root * root * root / exposure;
  }
}

double EndOdds::log_running(double span) const {
  double sum = 0;
  for (const ForecastSurvey::Ages& ages : left_.survey->ages()) {
    if (ages.count <= 0) continue;
    // The youngest of each bucket separately: it is the last one that a timeout ends.
    sum += log_all(left_.held, run_.ended(ages.youngest, span));
    if (ages.count <= 1) continue;
    const double others = ages.count - 1;
    const double mean = (ages.sum - ages.youngest) / others;
    sum += log_all(left_.held * others, run_.ended(mean, span));
  }
  for (int wave = 0; wave < kWaves; ++wave) {
    const double age = left_.begun * (wave + 0.5) / kWaves;
    sum += log_all(left_.unread / kWaves, run_.ended(age, span));
  }
  return sum;
}

double EndOdds::log_coming(double span) const {
  const double there = 1 - left_.share;
  double sum = log_all(left_.fresh * there, run_.ended(0, span - left_.delay));
  double place = left_.queued;  // in the queue: position of the wave's last task
  while (place > 0 && std::isfinite(sum)) {
    const double wave =
        std::min(place, std::max(1.0, std::floor((left_.queued - place) * kWaveGrowth)));
    const double wait = (place - (wave - 1) / 2) / left_.rate + left_.delay;
    sum += log_all(wave * there, run_.ended(0, span - wait));
    place -= wave;
  }
  return sum;
}

// P(a task with an absent device has come back and run within the span).
double EndOdds::returned(double span, double hazard) const {
  double sum = 0;
  for (const Atom& atom : atoms_) {
    if (span > atom.run) sum -= atom.weight * std::expm1(-hazard * (span - atom.run));
  }
  return sum;
}

double EndOdds::log_away(double span, double hazard) const {
  double sum = log_all(left_.away, returned(span, hazard));
  // The number of further absent devices is unknown: Poisson, and none of them may be too slow.
  sum -= left_.fresh * left_.share * (1 - returned(span, hazard));
  if (left_.queued <= 0) return sum;
  for (int wave = 0; wave < kWaves; ++wave) {
    const double wait = left_.queued / left_.rate * (wave + 0.5) / kWaves;
    const double count = left_.queued * left_.share / kWaves;
    sum -= count * (1 - returned(span - wait, hazard));
  }
  return sum;
}

double EndOdds::ended(double span) const {
  const double known = log_running(span) + log_coming(span);
  if (!std::isfinite(known)) return 0;
  if (hazards_.front() <= 0) return std::exp(known);
  double sum = 0;
  for (const double hazard : hazards_) sum += std::exp(known + log_away(span, hazard));
  return sum / kHazards;
}

double EndOdds::reach(double p, double from, double to) const {
  if (!(ended(to) >= p)) return std::numeric_limits<double>::infinity();
  double low = std::max(from, 0.1);
  if (ended(low) >= p) return low;
  double high = low;
  while (high < to && ended(high) < p) {
    low = high;
    high = std::min(to, high * 4);
  }
  while (high > low * (1 + kPrecision)) {
    const double middle = std::sqrt(low * high);
    (ended(middle) < p ? low : high) = middle;
  }
  return high;
}

}  // namespace taskwatchd
