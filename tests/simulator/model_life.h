// A simulated device's way through one task: a short list of what happens when.
#pragma once

#include <cstdint>
#include <vector>

#include "simulator/model_random.h"
#include "simulator/model_status.h"

namespace iotsim {

// One thing that happens to a task: a change of status, or a progress report.
struct Step {
  std::int64_t at_ms = 0;  // wall clock
  Status status = Status::kQueued;
  std::int8_t progress = -1;  // percent; -1: the device has reported none
  std::uint16_t attempt = 1;  // a rerun that keeps the task's id opens the next
  std::uint32_t words = 0;    // 0: the usual texts; else 1 + index into the task's script
  bool operator==(const Step&) const = default;
};
static_assert(sizeof(Step) == 16);

// The chances and times that lives are drawn from. Spans in seconds.
struct LifeParameters {
  double failed = 0.04;
  double hang = 0.015;  // never reports an end: the timeout ends it
  double rejected = 0.005;
  double offline = 0.08;   // SENT until the device comes back, then as the rest
  double start_min = 0.5;  // SENT to IN_PROGRESS: this ...
  double start_mean = 3;   // ... plus an exponential part
  double offline_mean = 7200;
  double run_median = 180;  // IN_PROGRESS to SUCCEEDED, lognormal
  double run_sigma = 0.6;
  double failed_median = 60;  // IN_PROGRESS to FAILED, lognormal
  double failed_sigma = 0.6;
  double timeout_slack = 5;  // TIMED_OUT comes this late at most
  int progress_reports = 4;  // between the beginning and the end
  bool operator==(const LifeParameters&) const = default;
};

// When the platform acts on a task.
struct Dispatch {
  std::int64_t queued_ms = 0;   // UtcQueueTime
  std::int64_t leave_ms = 0;    // QUEUED ends: the roll-out's turn
  std::int64_t timeout_ms = 0;  // counted from IN_PROGRESS; 0: never
  std::uint16_t attempt = 1;
};

// Steps with rising times, from QUEUED to a finished status (or IN_PROGRESS for ever: a hanging
// device and no timeout).
std::vector<Step> draw_life(const LifeParameters& parameters, const Dispatch& dispatch,
                            Random random);

}  // namespace iotsim
