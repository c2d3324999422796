#include "core/forecast/forecast.h"

#include <algorithm>
#include <cmath>

#include "core/forecast/forecast_odds.h"

namespace taskwatchd {
namespace {

constexpr double kStallShare = 0.01;   // of the tasks may take longer
constexpr double kStallSlack = 1.5;    // times the time that the others take
constexpr double kStallFloor = 60;     // seconds
constexpr double kHangsAtMost = 0.05;  // of the runs; if more hang, they may just be slow
constexpr double kHangs = 0.25;  // prior: as if this many had hung, in addition to those that ended
constexpr double kGraceAtFirst = 10;   // seconds
constexpr double kSlowWaiters = 0.05;  // expected numbers below this are ignored

Duration slack(double longest) {
  return from_seconds(std::max(kStallFloor, kStallSlack * longest));
}

double weight(double there, double held) {
  return held > there ? there / held : 1;
}

}  // namespace

bool JobForecast::is_stalled(TaskStatus status, Wall moved, Wall seen, Wall now) const {
  if (status == TaskStatus::kSent) return stalled_sent && seen - moved > *stalled_sent;
  if (status != TaskStatus::kInProgress) return false;
  return stalled_in_progress && now - moved > *stalled_in_progress;
}

void Forecast::describe(std::optional<Duration> timeout, std::optional<double> rollout_per_minute) {
  timeout_ = timeout;
  rollout_.reset();
  if (rollout_per_minute && *rollout_per_minute > 0) rollout_ = *rollout_per_minute / 60;
}

void Forecast::observe(const TaskSample* before, const TaskSample& after) {
  if (after.status == TaskStatus::kSent) see_sent(after);
  if (before == nullptr) return;
  const bool ran = before->status == TaskStatus::kInProgress;
  if (ran && after.status == TaskStatus::kInProgress) {
    runs_.stay(seconds(before->seen - before->entered), seconds(after.seen - before->entered));
  }
  if (rank(after.status) <= rank(before->status)) return;  // no change, or restarted
  if (ran) end_run(*before, after);
  if (before->status == TaskStatus::kSent) leave_sent(*before, after);
}

void Forecast::see_sent(const TaskSample& task) {
  if (task.seen - samples_.begin >= kSampleSpan) {
    samples_before_ = samples_;
    samples_ = {task.seen, 0, 0};
  }
  ++samples_.all;
  if (task.seen - task.entered > Flow::kQuick) ++samples_.away;
}

void Forecast::leave_sent(const TaskSample& before, const TaskSample& after) {
  const Duration from = before.seen - before.entered;
  if (from <= Flow::kQuick || flow_.quiet()) return;
  if (after.status == TaskStatus::kCancelled) return;
  // The start time is known only if that transition was observed, or from its timeout. Otherwise
  // the mean duration of a run is assumed.
  Duration at = after.entered - before.entered;
  if (after.status == TaskStatus::kTimedOut && timeout_) {
    at -= *timeout_;
  } else if (is_finished(after.status) && flow_.end_rate() > 0) {
    at -= from_seconds(1 / flow_.end_rate());
  }
  at = std::max(at, from);
  // Until now it was counted among the tasks with absent devices.
  const double late = std::max(0.0, seconds(after.seen - before.entered - at));
  flow_.tail().add(-late, 1);
  notice_lag_ += late;
  ++notices_;
}

void Forecast::end_run(const TaskSample& before, const TaskSample& after) {
  const double from = seconds(before.seen - before.entered);
  const double at = seconds(after.entered - before.entered);
  if (after.status == TaskStatus::kTimedOut && timeout_) {
    // The timeout ended the run: it did not end by itself.
    const double timeout = seconds(*timeout_);
    runs_.stay(from, std::min(at, timeout));
    if (at < timeout) return;
    ++late_;
    latest_ = std::max(latest_, at - timeout);
    return;
  }
  runs_.stay(from, at);
  if (after.status != TaskStatus::kCancelled) runs_.leave(at);
}

// During the rollout only observed tasks show which devices are absent and which came back.
void Forecast::watch_away(const ForecastSurvey& survey, Mono now) {
  const double held = survey.sent_long() * weight(flow_.sent(), survey.sent_long());
  const bool watched = watched_away_ != Mono::min() && now > watched_away_;
  if (watched && !flow_.quiet()) {
    flow_.tail().add((held + held_away_) / 2 * seconds(now - watched_away_), 0);
  } else if (watched && held_away_ > 0) {
    // From now on the statistics show it. Devices that came back unnoticed were counted as absent.
    flow_.tail().add(-held_away_ * lag(), 0);
  }
  watched_away_ = now;
  held_away_ = flow_.quiet() ? 0 : held;
}

// Number of SENT tasks whose device is absent; nullopt if it cannot be estimated.
std::optional<double> Forecast::away(const ForecastSurvey& survey, Wall now) const {
  const double sent = flow_.sent();
  if (flow_.quiet() || sent <= 0) return sent;
  const double surely =
      std::max({0.0, sent - flow_.sent_lately(), std::min(sent, survey.sent_long())});
  double all = 0;
  double away = 0;
  for (const SentSamples& samples : {samples_, samples_before_}) {
    if (now - samples.begin > 2 * kSampleSpan) continue;
    all += samples.all;
    away += samples.away;
  }
  if (all < kSentSamples) return surely > 0 ? std::optional<double>(sent) : std::nullopt;
  return std::max(surely, sent * away / all);
}

double Forecast::share_away(double away) const {
  if (flow_.passed() <= 0) return 0;
  return std::min(1.0, (away + flow_.tail().events_ever()) / flow_.passed());
}

// Devices that came back in the last moments could not be noticed yet: excludes that time.
double Forecast::exposure() const {
  return flow_.tail().exposure() - held_away_ * lag();
}

void Forecast::estimate_end(const ForecastSurvey& survey, Now now, JobForecast& out) const {
  if (flow_.empty() || flow_.finished() >= flow_.last().total) return;
  const double end_rate = flow_.end_rate();
  if (flow_.ended() < kEnds || end_rate <= 0) return;
  const double running = flow_.running();
  const double held = weight(running, survey.running());

  TasksLeft left;
  left.survey = &survey;
  left.held = held;
  left.unread = std::max(0.0, running - survey.running());
  left.begun = seconds(flow_.begun_within(left.unread));
  left.queued = flow_.queued();
  if (left.queued > 0) {
    const auto rate = flow_.rollout() ? flow_.rollout() : rollout_;
    if (!rate || *rate <= 0) return;
    left.rate = *rate;
  }
  const auto away = this->away(survey, now.wall);
  if (!away) return;
  left.away = *away;
  left.fresh = flow_.sent() - *away;
  if (left.rate > 0) left.delay = left.fresh / left.rate;
  const TailHazard& tail = flow_.tail();
  left.share = share_away(left.away);
  const double waiters = left.away + (left.queued + left.fresh) * left.share;
  if (waiters > kSlowWaiters) {
    if (tail.events() < kReturns || exposure() <= 0 || tail.falls()) return;
  }

  RunTime run;
  run.curve = Survival(runs_, survey.unseen_running(), held, end_rate);
  if (timeout_) run.timeout = seconds(*timeout_);
  run.grace = late_ > 0 ? latest_ * (late_ + 1) / late_ : kGraceAtFirst;
  run.hangs = kHangs / (flow_.ended() + 1);
  const EndOdds odds(run, left, tail.events(), exposure());
  const double horizon = seconds(kHorizon);
  const double half = odds.reach(0.5, 0, horizon);
  const double most = odds.reach(0.9, half, horizon);
  if (!std::isfinite(most)) return;
  out.half = from_seconds(half);
  out.most = from_seconds(most);
}

// After kQuick only tasks with absent devices are left; these start at the tail's hazard.
std::optional<Duration> Forecast::stall_sent(const ForecastSurvey& survey, Wall now) const {
  if (flow_.empty() || flow_.passed() < kStallEvents) return std::nullopt;
  const auto away = this->away(survey, now);
  if (!away) return std::nullopt;
  const double share = share_away(*away);
  double longest = seconds(Flow::kQuick);
  if (share > kStallShare) {
    const TailHazard& tail = flow_.tail();
    if (tail.events() < kStallEvents || tail.falls()) return std::nullopt;
    longest += std::log(share / kStallShare) * exposure() / tail.events();
  }
  return slack(longest);
}

std::optional<Duration> Forecast::stall_run(const ForecastSurvey& survey) const {
  if (runs_.left() < kStallEvents) return std::nullopt;
  const double held = weight(flow_.running(), survey.running());
  const Survival curve(runs_, survey.unseen_running(), held, 0);
  const double plateau = std::exp(-curve.cumulative(curve.last_leave()));
  if (plateau > kHangsAtMost) return std::nullopt;
  const double longest = curve.age_at(-std::log(plateau + kStallShare * (1 - plateau)));
  if (!std::isfinite(longest)) return std::nullopt;
  return slack(longest);
}

JobForecast Forecast::estimate(const ForecastSurvey& survey, Now now) {
  JobForecast out;
  watch_away(survey, now.mono);
  out.stalled_sent = stall_sent(survey, now.wall);
  out.stalled_in_progress = stall_run(survey);
  estimate_end(survey, now, out);
  return out;
}

}  // namespace taskwatchd
