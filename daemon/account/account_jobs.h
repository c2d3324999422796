// The watched jobs of one account: named in the configuration, found by discovery, or assisting
// (polled for their explicit tasks). Passes every outcome of a call about them to the component
// concerned and turns responses into events. The tasks belong to the tracker. No I/O. Event-loop
// thread only.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "account/forecast_pass.h"
#include "account/job_instances.h"
#include "account/job_task_polls.h"
#include "account/owner.h"
#include "account/watched_job.h"
#include "config/config.h"
#include "core/polling/job_planner.h"
#include "core/tracking/tracker.h"
#include "core/types/call.h"
#include "core/types/change.h"
#include "core/types/status.h"

namespace taskwatchd {

class AccountJobs : public Owner {
 public:
  // `tracker` must outlive this.
  AccountJobs(std::string account, Tracker& tracker, Pace pace)
      : account_(std::move(account)),
        tracker_(tracker),
        pace_(pace),
        planner_(pace),
        task_polls_(jobs_, tracker.table(), planner_) {}
  AccountJobs(const AccountJobs&) = delete;  // its members refer to each other
  AccountJobs& operator=(const AccountJobs&) = delete;

  // Watches exactly the jobs of a configuration. `stored` holds the account's job records and
  // times. Returns the ids of jobs that are no longer watched; their tasks are forgotten.
  std::vector<std::string> configure(const AccountConfig& config, const Stored& stored, Now now);
  std::vector<std::string> job_ids() const;
  // Restores stored tasks of watched jobs.
  void restore(const std::vector<TaskRecord>& records, Now now);

  NextCall next(Api api, Now now, double rate, const Gates& gates) override;
  void on_sent(const Call& call, Now now) override;
  void on_response(const Call& call, const Outcome& reply, Now now, CallEffects& out) override;
  void on_failure(const Call& call, const CallFailure& failure, Now now, CallEffects& out) override;
  bool watches(const Call& call) const override;
  bool has_seen(const Call& call) const override;
  bool needs(Api api) const override;
  void set_usable(Api api, bool usable, Now now) override;

  // Applies a successful QueryTask response for any watched task, whichever owner made the call.
  // REQUIRES: the tracker watches it.
  void on_task(const std::string& task_id, const TaskReply& reply, Now now, CallEffects& out);
  // Updates the jobs' forecasts every 10 s, or does one step of that.
  void update_forecasts(Now now);
  bool is_forecasting() const { return forecast_pass_.has_value(); }
  // Adds job_stalled events; call it after update_forecasts.
  void report_stalled(Now now, Commit& commit);

  // With this many unfinished explicit tasks in one job, its statistics and list pages yield more
  // per call than QueryTask.
  static constexpr std::size_t kAssistTasks = 20;
  // Reports the unfinished explicit tasks of a job; from kAssistTasks on, an unwatched job assists.
  void assist(const std::string& job_id, const std::string& instance, std::size_t unfinished_tasks);

  bool watches(const std::string& job_id) const { return jobs_.contains(job_id); }
  // Ids of watched jobs with unfinished tasks.
  std::vector<std::string> unfinished() const;
  const JobPlanner& planner() const { return planner_; }
  const JobTaskPolls& task_polls() const { return task_polls_; }

  // Job records whose last_seen has changed since the last call of this function.
  std::vector<JobRecord> refresh();
  std::vector<JobView> views(Now now) const;
  // Jobs found but not watched: the name does not match, too old, or over the limit.
  std::size_t skipped() const { return instances_.skipped(); }

 private:
  void watch(const std::string& job_id, const std::string& instance, bool found,
             const JobRecord* stored, const StoredTimes& times, Now now);
  void forget(const std::string& job_id);
  WatchedJob* find(const std::string& job_id);  // nullptr: not watched

  void on_statistics(const Call& call, const JobStatistics& reply, Now now, CallEffects& out);
  void on_details(const Call& call, const JobReply& reply, Now now, CallEffects& out);
  void on_listing(const Call& call, const JobPage& page, Now now, CallEffects& out);
  void on_page(const Call& call, const TaskPage& page, Now now, CallEffects& out);
  Observation observe(WatchedJob& job, const TaskReply& row, Now now, CallEffects& out);

  std::string account_;
  Tracker& tracker_;
  Pace pace_;
  JobPlanner planner_;
  JobInstances instances_;
  WatchedJobs jobs_;
  std::unordered_map<std::string, std::size_t> assisted_;  // job id -> unfinished explicit tasks
  JobTaskPolls task_polls_;
  Mono forecast_at_ = Mono::min();
  std::optional<ForecastPass> forecast_pass_;  // in progress
};

}  // namespace taskwatchd
