// One watched job of an account: what is durable of it, and what its replies make of it. Pure;
// event-loop thread only.
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
  bool found = false;    // by discovery, not named
  bool touched = false;  // its last_seen has moved and is not stored yet
  Forecast forecast;
  Outlook outlook;
  Wall outlook_at;
  std::uint32_t stalled = 0;
  UnseenEnds unseen;
  bool endless_logged = false;
  std::optional<Wall> counted;  // when the newest statistics, or a whole scan, came

  // A description of it came, by QueryJob or ListJob.
  void described(const JobReply& reply, Now now, Verdict& out);
  // What is known of its tasks as a whole may have changed.
  void progressed(const JobPlanner& planner, const TaskTable& table, Now now, Verdict& out);
  // One of its tasks was seen: `row` as it is now, `before` as it was seen before, if it was.
  void task_seen(const std::optional<Sight>& before, const TaskRow* row);

 private:
  bool is_stale(const JobReply& reply, Now now);

  int older_ = 0;  // consecutive descriptions that were older than ours
  Mono older_since_;
};

using WatchedJobs = std::map<std::string, WatchedJob>;  // by JobId

}  // namespace taskwatchd
