// Chooses the next API call for the watched jobs of one account: whose statistics or job details
// (job_polls), which page of which list (page_choice). Keeps what responses have shown of each job.
// No I/O. Event-loop thread only; the caller passes the time. Reasons with numbers:
// docs/explanation/polling.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/polling/job_plan.h"
#include "core/polling/page_choice.h"
#include "core/polling/planned_job.h"
#include "core/types/call.h"
#include "core/types/gates.h"
#include "core/types/job.h"
#include "core/types/pace.h"
#include "core/types/time.h"

namespace taskwatchd {

class JobPlanner {
 public:
  explicit JobPlanner(Pace pace) : pace_(pace) {}

  void set_pace(Pace pace) { pace_ = pace; }
  // Watches a job of that instance. `known`: its tasks by last known status. A job that is already
  // here moves to that instance and keeps everything else.
  // `assisting`: only some tasks of the job are watched, so lists are read when the statistics
  // change, not until every task is known.
  void add(const std::string& job_id, const std::string& instance, const TaskCounts& known,
           bool assisting);
  // REQUIRES: the job is here.
  void move(const std::string& job_id, const std::string& instance);
  void remove(const std::string& job_id);
  bool has(const std::string& job_id) const { return jobs_.contains(job_id); }
  bool empty() const { return jobs_.empty(); }
  // QueryJobStatistics may be called.
  bool has_statistics() const { return statistics_usable_; }

  // Sets whether the API may be called (not denied, quota above 0); the planner works without it.
  void set_usable(Api api, bool usable);

  // The next call of one API. `gates`: until when each instance is not called.
  NextCall next_statistics(Mono now, const Gates& gates) const;
  NextCall next_page(Mono now, const Gates& gates);
  NextCall next_details(Mono now, const Gates& gates) const;

  // The call is being made. Exactly one of the four functions below must follow. Calls of a job
  // that is no longer here have no effect.
  void on_sent(const Call& call, Mono now);
  void on_statistics(const Call& call, const JobStatistics& statistics, Mono now);
  void on_details(const Call& call, const JobReply& reply);
  // The effect on the list scan. `complete_since`: the page completed a scan that began at this
  // time; all tasks that were in the list since then were shown. `endless`: the list seems to have
  // no end.
  struct PageEnd {
    std::optional<Mono> complete_since;
    bool endless = false;
  };
  // `fresh`: how many rows were first observations or in another status than recorded.
  PageEnd on_page(const Call& call, const TaskPage& page, std::size_t fresh,
                  const TaskCounts& known, Mono now);
  // The call failed. That API is not called for that item before `retry_at`. `token_rejected`: the
  // platform rejected the request itself, so that its pagination token may be invalid.
  void on_failure(const Call& call, bool token_rejected, Mono retry_at, Mono now);
  // See PageChoice.
  void set_hints(std::size_t waiting) { pages_.set_hints(waiting); }
  // Other responses have changed the known statuses of the job's tasks.
  void set_known(const std::string& job_id, const TaskCounts& known);
  // A task of the job has just reached its own timeout: its completion is expected.
  void expect_timeout(const std::string& job_id, Mono now);

  // What is known of a job's progress; null, empty or false for an unknown job.
  const JobStatistics* statistics_of(const std::string& job_id) const;
  bool finished(const std::string& job_id) const;
  // As in unreconciled.h.
  std::uint32_t unreconciled(const std::string& job_id) const;
  std::optional<TaskStatus> excess(const std::string& job_id, Mono now) const;
  bool fully_observed(const std::string& job_id) const;
  // Ignores the gate of the job's instance.
  std::optional<JobPlan> plan_of(const std::string& job_id, Mono now) const;

 private:
  const PlannedJob* find(const std::string& job_id) const;
  PlannedJob* find(const std::string& job_id);
  static ListScan& scan_of(PlannedJob& job, const Call& call);

  Pace pace_;
  bool statistics_usable_ = true;  // QueryJobStatistics may be called
  bool details_usable_ = true;     // QueryJob may be called
  PlannedJobs jobs_;
  PageChoice pages_;
};

}  // namespace taskwatchd
