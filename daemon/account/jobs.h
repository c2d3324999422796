// The watched jobs of one account: named in the configuration, found by discovery, or helping the
// explicit tasks that share one. Keeps what is durable of each, asks the planner what to call next,
// and turns replies into events. The tasks themselves are the tracker's. Loop's thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config/config.h"
#include "core/call.h"
#include "core/change.h"
#include "core/closer_looks.h"
#include "core/discovery.h"
#include "core/forecast.h"
#include "core/job_planner.h"
#include "core/status.h"
#include "core/timeouts.h"
#include "core/tracker.h"
#include "core/unseen_ends.h"

namespace taskwatchd {

// What a reply about jobs came to.
struct JobsVerdict {
  std::vector<JobRecord> records;         // to be stored
  std::vector<Event> events;              // likewise: job_transition, job_baseline
  std::vector<std::string> dropped_jobs;  // no longer watched; their tasks are forgotten
};

class AccountJobs {
 public:
  AccountJobs(std::string account, Pace pace)
      : account_(std::move(account)), pace_(pace), planner_(pace) {}

  // Brings the watched jobs in line with a configuration. `stored` holds the account's job records.
  // Returns the jobs no longer watched.
  std::vector<std::string> configure(const AccountConfig& config,
                                     const std::vector<JobRecord>& stored, const Tracker& tracker,
                                     Now now);
  // The jobs whose stored tasks are to be given to Account::know before polling begins.
  std::vector<std::string> job_ids() const;
  // Stored tasks of the job have come back: those that run have timeouts ahead.
  void restored(const std::string& job_id, const Tracker& tracker);

  // The next call of one of the job APIs, or of QueryTask for a job's task that needs a closer
  // look.
  NextCall next(Api api, Now now, const std::vector<Mono>& held, const Tracker& tracker);
  void asked(const Call& call, Now now);
  void failed(const Call& call, Mono retry_at);
  // Whether the API can be had: denied ones are done without.
  void set_usable(Api api, bool usable) { planner_.set_usable(api, usable); }

  // Good replies. REQUIRES: the call was asked.
  JobsVerdict statistics(const Call& call, const JobStatistics& reply, const Tracker& tracker,
                         Now now);
  JobsVerdict description(const Call& call, const JobReply& reply, Now now);
  JobsVerdict listing(const Call& call, const JobPage& page, const Tracker& tracker, Now now);
  // The page's rows go to the tracker; what they change is added to `seen`.
  JobsVerdict page(const Call& call, const TaskPage& page, Tracker& tracker, Now now,
                   Observation& seen);
  // A QueryTask was answered; `before` is what was held of the task.
  void looked_at(const std::string& task_id, const std::optional<Sight>& before,
                 const Tracker& tracker);
  // It was not; a job's task is asked again at `when`, or not.
  void look_again(const std::string& task_id, bool again, Mono when);
  // Foresees the jobs' ends anew, if it is time to.
  void look_ahead(const Tracker& tracker, Now now);

  // Explicit tasks of a job that is not watched: with enough of them its statistics and lists help.
  void assist(const std::string& job_id, std::size_t instance, std::size_t unfinished_tasks);

  bool watches(const std::string& job_id) const { return jobs_.contains(job_id); }
  bool any() const { return !planner_.empty() || !discoveries_.empty(); }
  const JobPlanner& planner() const { return planner_; }
  const CloserLooks& looks() const { return looks_; }
  const Timeouts& timeouts() const { return timeouts_; }
  const SharedContext* context_of(const std::string& job_id) const;
  Wall since(const std::string& job_id) const { return jobs_.at(job_id).record.first_seen; }

  // Job records whose last_seen moved since the last call of this.
  std::vector<JobRecord> refresh();
  std::vector<JobView> views(const Tracker& tracker, Now now) const;
  std::size_t skipped() const;

 private:
  struct Job {
    JobRecord record;
    std::size_t instance = 0;
    SharedContext context;
    std::optional<Duration> deadline;
    bool found = false;  // by discovery, not named
    bool touched = false;
    Forecast forecast;
    Outlook outlook;
    Wall outlook_at;
    std::uint32_t stalled = 0;
    UnseenEnds unseen;
    int older = 0;  // descriptions running that were older than ours
    Mono older_since;
    std::optional<Wall> counted;  // when the newest statistics, or a whole scan, came
  };
  Job& watch(const std::string& job_id, std::size_t instance, bool found, const JobRecord* stored,
             const Tracker& tracker, Now now);
  void forget(const std::string& job_id);
  static bool is_stale(Job& job, const JobReply& reply, Now now);
  void described(Job& job, const JobReply& reply, Now now, JobsVerdict& out);
  void progressed(Job& job, const Tracker& tracker, Now now, JobsVerdict& out);
  NextCall next_look(Now now, const std::vector<Mono>& held, const Tracker& tracker);
  Observation observe(Job& job, const TaskReply& row, Tracker& tracker, Now now);
  void looked(Job& job, const std::optional<Sight>& before, const std::string& task_id,
              const Tracker& tracker);
  void expect_timeout(const Job& job, const std::string& task_id, const Tracker& tracker);
  void look_for_timeouts(Now now, const Tracker& tracker);
  void look_for_surplus(Now now, const Tracker& tracker);

  std::string account_;
  Pace pace_;
  JobPlanner planner_;
  std::vector<InstanceConfig> instances_;
  std::vector<SharedContext> contexts_;  // by instance
  std::map<std::string, Job> jobs_;
  std::map<std::size_t, Discovery> discoveries_;           // by instance
  std::unordered_map<std::string, std::size_t> assisted_;  // job -> unfinished explicit tasks
  CloserLooks looks_;
  Timeouts timeouts_;
  Mono surplus_looked_ = Mono::min();
  Mono foreseen_ = Mono::min();
};

}  // namespace taskwatchd
