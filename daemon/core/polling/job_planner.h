// The watched jobs of one account and what is asked of them next: whose statistics or description
// (job_polls), which page of which list (page_choice). Keeps what replies said of each job. Pure;
// time passed in; event-loop thread only. Reasons with numbers: docs/explanation/polling.md.
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
  // Watches a job of that instance. `held` is what is known of its tasks by status. A job that is
  // here moves to that instance and keeps the rest.
  // `partly`: only some tasks of the job are watched, so the lists are read when the statistics
  // move, not until every task is known.
  void add(const std::string& job_id, const std::string& instance, const TaskCounts& held,
           bool partly);
  // REQUIRES: the job is here.
  void move(const std::string& job_id, const std::string& instance);
  void remove(const std::string& job_id);
  bool has(const std::string& job_id) const { return jobs_.contains(job_id); }
  bool empty() const { return jobs_.empty(); }
  // The statistics can be had.
  bool has_statistics() const { return countable_; }

  // Whether the API can be had (not denied, and a quota above 0): without it the others do alone.
  void set_usable(Api api, bool usable);

  // The next call of one API. `gates` says until when each instance is not called.
  NextCall next_statistics(Mono now, const Gates& gates) const;
  NextCall next_page(Mono now, const Gates& gates);
  NextCall next_description(Mono now, const Gates& gates) const;

  // The call is being made. Every call ends with one of the four below; those of a job that is no
  // longer here have no effect.
  void on_sent(const Call& call, Mono now);
  void on_statistics(const Call& call, const JobStatistics& statistics, Mono now);
  void on_description(const Call& call, const JobReply& reply);
  // What became of the walk. `whole_since`: the page ended a whole walk, which began then; what was
  // in the list all that time was shown. `endless`: the list seems to have no end.
  struct PageEnd {
    std::optional<Mono> whole_since;
    bool endless = false;
  };
  // `fresh` of the page's rows were news: first observed, or in another status than held.
  PageEnd on_page(const Call& call, const TaskPage& page, std::size_t fresh, const TaskCounts& held,
                  Mono now);
  // No good reply. That API is not asked for that item before `retry_at`. `refused`: the cloud
  // refused the request itself, so that a page's token may be what is wrong.
  void on_failure(const Call& call, bool refused, Mono retry_at, Mono now);
  // As PageChoice's.
  void set_hints(std::size_t waiting) { pages_.set_hints(waiting); }
  // Other replies changed what is known of the job's tasks.
  void set_held(const std::string& job_id, const TaskCounts& held);
  // A task of the job has just reached its own timeout: its end is looked for.
  void expect_timeout(const std::string& job_id, Mono now);

  // What is known of a job's progress; null, empty or false for a job that is not here.
  const JobStatistics* statistics_of(const std::string& job_id) const;
  bool finished(const std::string& job_id) const;
  // As the functions of unreconciled.h.
  std::uint32_t unreconciled(const std::string& job_id) const;
  std::optional<TaskStatus> surplus(const std::string& job_id, Mono now) const;
  bool known_whole(const std::string& job_id) const;
  // The gate of the job's instance is not looked at.
  std::optional<JobPlan> plan_of(const std::string& job_id, Mono now) const;

 private:
  const PlannedJob* find(const std::string& job_id) const;
  PlannedJob* find(const std::string& job_id);
  static ListWalk& walk_of(PlannedJob& job, const Call& call);

  Pace pace_;
  bool countable_ = true;    // QueryJobStatistics may be called
  bool describable_ = true;  // QueryJob may be called
  PlannedJobs jobs_;
  PageChoice pages_;
};

}  // namespace taskwatchd
