// How a simulated device carries out one task: a short list of timed steps.
#pragma once

#include <cstdint>
#include <vector>

#include "simulator/model_random.h"
#include "simulator/model_status.h"

namespace iotsim {

// One step of a task: a change of status, or a progress report.
struct Step {
  std::int64_t at_ms = 0;  // wall clock
  Status status = Status::kQueued;
  std::int8_t progress = -1;  // percent; -1: the device has reported none
  std::uint16_t attempt = 1;  // a rerun that keeps the task's id starts the next attempt
  std::uint32_t texts = 0;    // 0: the usual texts; otherwise 1 + index into the task's script
  bool operator==(const Step&) const = default;
};
static_assert(sizeof(Step) == 16);

// The probabilities and times from which lives are drawn. Times in seconds.
struct LifeParameters {
  double failed = 0.04;
  double hang = 0.015;  // never reports its completion: the timeout ends it
  double rejected = 0.005;
  double offline = 0.08;   // SENT until the device returns, then like the others
  double start_min = 0.5;  // SENT to IN_PROGRESS: this ...
  double start_mean = 3;   // ... plus an exponential part
  double offline_mean = 7200;
  double run_median = 180;  // IN_PROGRESS to SUCCEEDED, lognormal
  double run_sigma = 0.6;
  double failed_median = 60;  // IN_PROGRESS to FAILED, lognormal
  double failed_sigma = 0.6;
  double timeout_slack = 5;  // TIMED_OUT comes at most this late
  int progress_reports = 4;  // between the beginning and the end
  bool operator==(const LifeParameters&) const = default;
};

// When the platform handles a task.
struct Dispatch {
  std::int64_t queued_ms = 0;   // UtcQueueTime
  std::int64_t leave_ms = 0;    // leaves QUEUED, by the job's roll-out rate
  std::int64_t timeout_ms = 0;  // counted from IN_PROGRESS; 0: never
  std::uint16_t attempt = 1;
};

// Returns steps with increasing times, from QUEUED to a finished status (or to IN_PROGRESS forever,
// if the device hangs and there is no timeout).
std::vector<Step> draw_life(const LifeParameters& parameters, const Dispatch& dispatch,
                            Random random);

}  // namespace iotsim
