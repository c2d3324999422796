// The owner of explicit tasks: polls them by QueryTask in the scheduler's order. If many of them
// belong to one unwatched job, that job's statistics and lists are polled for them
// (AccountJobs::assist). No I/O. Event-loop thread only.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "account/account_jobs.h"
#include "account/owner.h"
#include "config/config.h"
#include "core/polling/scheduler.h"
#include "core/tracking/tracker.h"

namespace taskwatchd {

class ExplicitTasks : public Owner {
 public:
  // Both must outlive this.
  ExplicitTasks(Tracker& tracker, AccountJobs& jobs, Pace pace)
      : tracker_(tracker), jobs_(jobs), scheduler_(pace) {}

  // Watches exactly the tasks of the configuration; new ones start from `stored`. Returns the ids
  // that are no longer listed: those of watched jobs stay with their jobs, the others are
  // forgotten. Call it before AccountJobs::configure, and finish_configure() after that.
  std::vector<std::string> configure(const AccountConfig& config, const Stored& stored, Now now);
  // Moves assisting jobs to the instances of their tasks.
  void finish_configure();

  NextCall next(Api api, Now now, double rate, const Gates& gates) override;
  void on_sent(const Call& call, Now now) override;
  void on_response(const Call& call, const Outcome& reply, Now now, CallEffects& out) override;
  void on_failure(const Call& call, const CallFailure& failure, Now now, CallEffects& out) override;
  bool watches(const Call& call) const override { return watches(call.task_id); }
  bool has_seen(const Call& call) const override;
  bool needs(Api api) const override { return api == Api::kQueryTask && !homes_.empty(); }
  void set_usable(Api, bool, Now) override {}

  bool watches(const std::string& task_id) const { return homes_.contains(task_id); }
  // Another response (a list row, or a QueryTask call of its job) has shown the task.
  void notice(const std::string& task_id, Now now);
  // The record of a watched task has changed: its job may have fewer unfinished tasks now.
  void note_live(const TaskRecord& record);
  // Records of the tasks observed since the last call of this function.
  std::vector<TaskRecord> take_seen();
  std::vector<std::string> unfinished() const;
  const Scheduler& scheduler() const { return scheduler_; }
  // REQUIRES: watches(task_id).
  const std::string& instance_of(const std::string& task_id) const { return *homes_.at(task_id); }

 private:
  void watch(const InstanceConfig& instance, const Stored& stored, Now now);
  void forget(const std::string& task_id);
  void assist(const std::string& job_id);

  Tracker& tracker_;
  AccountJobs& jobs_;
  Scheduler scheduler_;
  // Task id -> the instance's name, shared by all tasks of the instance.
  std::unordered_map<std::string, std::shared_ptr<const std::string>> homes_;
  std::unordered_set<std::string> seen_;  // since the last take_seen()
  // Unfinished tasks by job id: a job with many of them is polled as an assisting job.
  std::unordered_map<std::string, std::unordered_set<std::string>> live_;
};

}  // namespace taskwatchd
