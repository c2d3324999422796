// One watched job of an account: its durable record, and what responses change in it. No I/O.
// Event-loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

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
  UnseenEnds unseen;
  bool endless_logged = false;
  std::optional<Wall> counted;  // when the newest statistics, or a complete scan, came

  // Applies job details received from QueryJob or ListJob.
  void on_details(const JobReply& reply, Now now, CallEffects& out);
  // Call when the job's counts or known task statuses may have changed.
  void progressed(const JobPlanner& planner, const TaskTable& table, Now now, CallEffects& out);
  // One of its tasks was observed: `row` is its current state, `before` the previous observation,
  // if any.
  void task_seen(const std::optional<TaskSample>& before, const TaskRow* row);

 private:
  bool is_stale(const JobReply& reply, Now now);

  int older_ = 0;  // consecutive responses older than the record
  Mono older_since_;
};

using WatchedJobs = std::map<std::string, WatchedJob>;  // by JobId

}  // namespace taskwatchd
