// Tasks of watched jobs that are asked one by one, by QueryTask: which is next, and why. Lists are
// cheaper; these are the ones whose lists do not say why they failed, or tell that something is
// amiss, and those that reach their timeouts. No I/O. Event-loop thread only.
#pragma once

#include <string>

#include "account/watched_job.h"
#include "core/polling/closer_looks.h"
#include "core/polling/job_planner.h"
#include "core/polling/timeouts.h"
#include "core/tracking/task_table.h"
#include "core/types/call.h"
#include "core/types/gates.h"
#include "core/types/job.h"
#include "core/types/time.h"

namespace taskwatchd {

class JobTaskPolls {
 public:
  // All must outlive this.
  JobTaskPolls(const WatchedJobs& jobs, const TaskTable& table, JobPlanner& planner)
      : jobs_(jobs), table_(table), planner_(planner) {}

  // The next QueryTask, or when to look again; no task more often than every `floor`.
  NextCall next(Now now, Duration floor, const Gates& gates);
  void on_sent(const Call& call, Now now);
  void on_answer(const Call& call);
  // `over`: nothing more is to be had of the task.
  void on_failure(const Call& call, Mono retry_at, bool over);

  // A list has shown a bad task for the first time: it does not say why.
  void want_details(const std::string& task_id) { looks_.want(task_id, CloserLooks::Why::kWords); }
  // A whole walk, begun at `began`, through the list of the job's running tasks is over.
  void list_ended(const std::string& job_id, Wall began) {
    looks_.want_those_who_left(job_id, began, table_);
  }
  // The task's status has changed. REQUIRES: the table has the task.
  void expect_timeout(const JobReply& job, const std::string& task_id);
  // The same for all running tasks of a job that was taken from the state.
  void expect_timeouts(const JobReply& job, const std::string& job_id);
  // Statistics have come, after `before` (nullptr: the first).
  void counted(const std::string& job_id, const JobStatistics* before, const JobStatistics& reply,
               Mono now);
  // To be called before statistics are asked for: jobs whose tasks have just timed out come first.
  void look_for_timeouts(Now now, Duration floor);

  const CloserLooks& looks() const { return looks_; }
  const Timeouts& timeouts() const { return timeouts_; }

 private:
  void look_for_surplus(Now now);

  const WatchedJobs& jobs_;
  const TaskTable& table_;
  JobPlanner& planner_;
  CloserLooks looks_;
  Timeouts timeouts_;
  Mono surplus_looked_ = Mono::min();
};

}  // namespace taskwatchd
