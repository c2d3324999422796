// What is planned for one job, for people: earliest instants, with the rules that set them.
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
    std::uint32_t missing = 0;                 // tasks
    Planned next;
  };
  std::string instance;
  bool counted = false;  // its statistics can be had and came
  bool has_statistics = false;
  bool finished = false;
  bool partly = false;
  Planned statistics;
  Mono lists_ready = Mono::min();  // no list of it is read before then
  std::vector<List> lists;         // those with something missing; only with `counted`
};

// The gate of the job's instance is not looked at.
JobPlan plan_of(const PlannedJob& job, const Pace& pace, Mono now);

}  // namespace taskwatchd
