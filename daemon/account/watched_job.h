// One watched job of an account: its durable record, and what responses change in it. No I/O.
// Event-loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "account/job_reports.h"
#include "account/owner.h"
#include "core/forecast/forecast.h"
#include "core/polling/job_planner.h"
#include "core/tracking/tracker.h"
#include "core/tracking/unseen_ends.h"
#include "core/types/status.h"

namespace taskwatchd {

struct WatchedJob {
  JobRecord record;  // with the instance's name
  SharedContext context;
  std::optional<Duration> deadline;
  bool found = false;    // by discovery, not named in the configuration
  bool touched = false;  // last_seen has changed and is not stored yet
  Forecast forecast;
  JobForecast estimate;
  Wall estimated_at;
  std::uint32_t stalled = 0;
  // No task is in a status for which too little is known to call it stalled.
  bool stalled_known = false;
  TaskCounts overdue{};  // unfinished past the deadline, as of estimated_at
  JobReports reports;
  UnseenEnds unseen;
  bool endless_logged = false;
  std::optional<Wall> counted;  // when the newest statistics, or a complete scan, came

  // Applies job details received from QueryJob or ListJob.
  void on_details(const JobReply& reply, Now now, CallEffects& out);
  // Call when the job's counts or known task statuses may have changed.
  void progressed(const JobPlanner& planner, const TaskTable& table, Now now, CallEffects& out);
  // A task of the job was first observed, or is in another status than before.
  void task_moved(Now now, CallEffects& out);
  // Adds job_finished once all tasks are finished and every completion was observed. Call it after
  // each response that may have shown the last one.
  void report_end(const JobPlanner& planner, const TaskTable& table, Now now, CallEffects& out);
  // Adds job_stalled on change. Call it after each update of `stalled`.
  void report_stalled(const JobPlanner& planner, const TaskTable& table, Now now, Commit& commit);
  // One of its tasks was observed: `row` is its current state, `before` the previous observation,
  // if any.
  void task_seen(const std::optional<TaskSample>& before, const TaskRow* row);

 private:
  Event stalled_event(const JobReports::Stalled& change, const JobPlanner& planner,
                      const TaskTable& table, Wall now) const;
  bool is_stale(const JobReply& reply, Now now);

  int older_ = 0;  // consecutive responses older than the record
  Mono older_since_;
};

using WatchedJobs = std::map<std::string, WatchedJob>;  // by JobId

}  // namespace taskwatchd
