// Tasks of watched jobs that are polled one by one with QueryTask: which is next, and why. Lists
// are cheaper; these are failed tasks, because lists do not include the device message, tasks that
// contradict their job's lists or counts, and tasks that reach their timeouts. No I/O. Event-loop
// thread only.
#pragma once

#include <string>

#include "account/watched_job.h"
#include "core/polling/detail_queue.h"
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

  // The next QueryTask, or when to check again; each task at most once per `min_interval`.
  NextCall next(Now now, Duration min_interval, const Gates& gates);
  void on_sent(const Call& call, Now now);
  void on_response(const Call& call);
  // `done`: no further details of the task are available.
  void on_failure(const Call& call, Mono retry_at, bool done);

  // A list has shown a failed task for the first time, without the device message.
  void want_details(const std::string& task_id) {
    detail_queue_.want(task_id, DetailQueue::Why::kMessageWanted);
  }
  // A complete scan of the job's IN_PROGRESS list, begun at `began`, has ended.
  void list_ended(const std::string& job_id, Wall began) {
    detail_queue_.want_unlisted(job_id, began, table_);
  }
  // The task's status has changed. REQUIRES: the table has the task.
  void expect_timeout(const JobReply& job, const std::string& task_id);
  // The same for all IN_PROGRESS tasks of a job that was restored from the state database.
  void expect_timeouts(const JobReply& job, const std::string& job_id);
  // Statistics were received; `before` are the previous ones (nullptr: these are the first).
  void counted(const std::string& job_id, const JobStatistics* before, const JobStatistics& reply,
               Mono now);
  // Call before statistics are polled: jobs whose tasks have just timed out go first.
  void check_timeouts(Now now, Duration min_interval);

  const DetailQueue& detail_queue() const { return detail_queue_; }
  const Timeouts& timeouts() const { return timeouts_; }

 private:
  void poll_excess(Now now);

  const WatchedJobs& jobs_;
  const TaskTable& table_;
  JobPlanner& planner_;
  DetailQueue detail_queue_;
  Timeouts timeouts_;
  Mono excess_checked_at_ = Mono::min();
};

}  // namespace taskwatchd
