// The calls planned for one job, for explanations: earliest times and the rules that set them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/polling/plan_rule.h"
#include "core/polling/planned_job.h"
#include "core/types/pace.h"

namespace taskwatchd {

struct JobPlan {
  struct List {
    TaskStatus status = TaskStatus::kUnknown;  // kUnknown: the list of all tasks
    std::uint32_t unreconciled = 0;            // unreconciled tasks
    Planned next;
  };
  std::string instance;
  bool counted = false;  // its statistics are available and were received
  bool has_statistics = false;
  bool finished = false;
  bool assisting = false;
  Planned statistics;
  Mono lists_ready = Mono::min();  // none of its lists is read before then
  std::vector<List> lists;         // lists with unreconciled tasks; only with `counted`
};

// Ignores the gate of the job's instance.
JobPlan plan_of(const PlannedJob& job, const Pace& pace, Mono now);

}  // namespace taskwatchd
