#include "simulator/model_life.h"

#include <algorithm>

namespace iotsim {
namespace {

enum class Fate { kFailed, kHang, kRejected, kOffline, kSucceeded };

Fate draw_fate(const LifeParameters& p, Random& random) {
  double u = random.unit();
  if ((u -= p.failed) < 0) return Fate::kFailed;
  if ((u -= p.hang) < 0) return Fate::kHang;
  if ((u -= p.rejected) < 0) return Fate::kRejected;
  if ((u -= p.offline) < 0) return Fate::kOffline;
  return Fate::kSucceeded;
}

std::int64_t milliseconds(double seconds) {
  return static_cast<std::int64_t>(std::min(seconds, 1e10) * 1000.0);
}

}  // namespace

std::vector<Step> draw_life(const LifeParameters& p, const Dispatch& dispatch, Random random) {
  const Fate fate = draw_fate(p, random);
  std::vector<Step> steps;
  steps.reserve(static_cast<std::size_t>(4 + p.progress_reports));
  const auto add = [&](std::int64_t at, Status status, int progress) {
    steps.push_back({at, status, static_cast<std::int8_t>(progress), dispatch.attempt, 0});
  };
  add(dispatch.queued_ms, Status::kQueued, -1);
  add(dispatch.leave_ms, Status::kSent, -1);

  const double wait = fate == Fate::kOffline ? random.exponential(p.offline_mean)
                                             : p.start_min + random.exponential(p.start_mean);
  const std::int64_t begin = dispatch.leave_ms + std::max<std::int64_t>(1, milliseconds(wait));
  if (fate == Fate::kRejected) {
    add(begin, Status::kRejected, -1);
    return steps;
  }
  add(begin, Status::kInProgress, 0);

  const double run = fate == Fate::kFailed ? random.lognormal(p.failed_median, p.failed_sigma)
                                           : random.lognormal(p.run_median, p.run_sigma);
  // How far an unsuccessful run gets.
  const double reach = random.unit();
  const std::int64_t deadline =
      dispatch.timeout_ms > 0
          ? begin + dispatch.timeout_ms + milliseconds(p.timeout_slack * random.unit())
          : INT64_MAX;
  std::int64_t end = begin + std::max<std::int64_t>(1, milliseconds(run));
  const std::int64_t span = end - begin;
  const bool late = end >= begin + dispatch.timeout_ms && dispatch.timeout_ms > 0;
  if (fate == Fate::kHang || late) end = deadline;

  const bool whole = fate == Fate::kSucceeded || fate == Fate::kOffline;
  int progress = 0;
  for (int i = 1; i <= p.progress_reports; ++i) {
    const double part = static_cast<double>(i) / (p.progress_reports + 1);
    if (fate == Fate::kHang && part > reach) break;
    const std::int64_t at = begin + static_cast<std::int64_t>(static_cast<double>(span) * part);
    if (at >= end || at <= steps.back().at_ms) continue;
    progress = static_cast<int>(100.0 * part * (whole ? 1.0 : reach));
    add(at, Status::kInProgress, progress);
  }
  if (end == INT64_MAX) return steps;
  if (fate == Fate::kHang || late) {
    add(end, Status::kTimedOut, progress);
  } else if (fate == Fate::kFailed) {
    add(end, Status::kFailed, progress);
  } else {
    // Progress is the last report of the device: one device in ten never reports 100.
    add(end, Status::kSucceeded, random.chance(0.1) ? progress : 100);
  }
  return steps;
}

}  // namespace iotsim
