// Recomputes what needs a pass over all tasks of an account: the forecast of each unfinished job
// and its stalled and overdue tasks. Done in steps, because 100,000 tasks take too long for one
// turn of the event loop. No I/O; the caller passes the time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "account/watched_job.h"
#include "core/forecast/forecast_survey.h"
#include "core/polling/job_planner.h"
#include "core/tracking/task_table.h"
#include "core/types/time.h"

namespace taskwatchd {

// Observed, still watched and unfinished.
bool is_open(const TaskRow& row);
bool is_overdue(const TaskRow& row, Duration deadline, Wall now);

class ForecastPass {
 public:
  // Tasks in one step: about 2 ms. Fewer tasks are done in one step altogether.
  static constexpr TaskTable::Slot kRows = 10'000;

  ForecastPass(WatchedJobs& jobs, const JobPlanner& planner, Now now);
  // Returns true after the last step: the jobs have their new numbers. Jobs and tasks may come and
  // go between two steps.
  bool step(WatchedJobs& jobs, const TaskTable& table, Now now);

 private:
  struct Job {
    explicit Job(Wall now) : survey(now) {}
    ForecastSurvey survey;
    JobForecast estimate;
    std::uint32_t stalled = 0;
    bool stalled_known = true;
    TaskCounts overdue{};
  };
  using Jobs = std::map<std::string, Job, std::less<>>;
  // The same for one part of one of the two passes over the tasks.
  bool take_part(WatchedJobs& jobs, const TaskTable& table, Now now);
  // Visits the unfinished tasks of surveyed jobs, up to the slot `to`.
  template <typename Visit>
  void each_open(const TaskTable& table, TaskTable::Slot to, const Visit& visit);
  void estimate(WatchedJobs& jobs, Now now);
  void finish(WatchedJobs& jobs, Now now) const;

  Jobs surveyed_;
  bool estimated_ = false;  // the first pass over the tasks is complete
  TaskTable::Slot from_ = 0;
};

}  // namespace taskwatchd
