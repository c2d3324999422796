// The watched jobs of one account: named in the configuration, found by discovery, or helping the
// explicit tasks that share one. Keeps what is durable of each, asks the planner what to call next,
// and turns replies into events. The tasks themselves are the tracker's. No I/O. Event-loop thread
// only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "account/owner.h"
#include "config/config.h"
#include "core/forecast/forecast.h"
#include "core/polling/closer_looks.h"
#include "core/polling/discovery.h"
#include "core/polling/job_planner.h"
#include "core/polling/timeouts.h"
#include "core/tracking/tracker.h"
#include "core/tracking/unseen_ends.h"
#include "core/types/call.h"
#include "core/types/change.h"
#include "core/types/status.h"

namespace taskwatchd {

class AccountJobs : public Owner {
 public:
  // `tracker` must outlive this.
  AccountJobs(std::string account, Tracker& tracker, Pace pace)
      : account_(std::move(account)), tracker_(tracker), pace_(pace), planner_(pace) {}

  // Brings the watched jobs in line with a configuration. `stored` holds the account's job records.
  // Returns the jobs no longer watched, whose tasks are forgotten.
  std::vector<std::string> configure(const AccountConfig& config,
                                     const std::vector<JobRecord>& stored, Now now);
  std::vector<std::string> job_ids() const;
  // Stored tasks of watched jobs: they go on from there.
  void restore(const std::vector<TaskRecord>& records, Now now);

  NextCall next(Api api, Now now, double rate, const Gates& gates) override;
  void on_sent(const Call& call, Now now) override;
  void on_answer(const Call& call, const Outcome& reply, Now now, Verdict& out) override;
  void on_failure(const Call& call, const CallFailure& failure, Now now, Verdict& out) override;
  bool watches(const Call& call) const override;
  bool has_seen(const Call& call) const override;
  bool needs(Api api) const override;
  void set_usable(Api api, bool usable, Now now) override;

  // A good QueryTask reply for any watched task, whoever asked. REQUIRES: the tracker watches it.
  void on_task(const std::string& task_id, const TaskReply& reply, Now now, Verdict& out);
  // Foresees the jobs' ends anew, if it is time to.
  void look_ahead(Now now);

  // Explicit tasks of a job that is not watched: with enough of them its statistics and lists help.
  void assist(const std::string& job_id, const std::string& instance, std::size_t unfinished_tasks);

  bool watches(const std::string& job_id) const { return jobs_.contains(job_id); }
  // Watched jobs with unfinished tasks.
  std::vector<std::string> unfinished() const;
  const JobPlanner& planner() const { return planner_; }
  const CloserLooks& looks() const { return looks_; }
  const Timeouts& timeouts() const { return timeouts_; }

  // Job records whose last_seen moved since the last call of this.
  std::vector<JobRecord> refresh();
  std::vector<JobView> views(Now now) const;
  std::size_t skipped() const;

 private:
  // Where jobs live.
  struct Instance {
    std::string region, id, endpoint;  // by these it is known when its name changes
    SharedContext context;
    std::optional<Duration> deadline;
    std::optional<Discovery> discovery;
  };
  struct Job {
    JobRecord record;  // with the instance's name
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
    bool endless_logged = false;
    std::optional<Wall> counted;  // when the newest statistics, or a whole scan, came
  };
  void configure_instances(const AccountConfig& config);
  Job& watch(const std::string& job_id, const std::string& instance, bool found,
             const JobRecord* stored, Now now);
  void forget(const std::string& job_id);
  NextCall next_listing(Now now, const Gates& gates) const;
  NextCall next_look(Now now, const Gates& gates);
  const std::string* instance_of(const std::string& job_id) const;
  bool discovers() const;
  Discovery* discovery_of(const Call& call);  // nullptr: none of that instance (any more)

  void on_statistics(const Call& call, const JobStatistics& reply, Now now, Verdict& out);
  void on_description(const Call& call, const JobReply& reply, Now now, Verdict& out);
  void on_listing(const Call& call, const JobPage& page, Now now, Verdict& out);
  void on_page(const Call& call, const TaskPage& page, Now now, Verdict& out);
  static bool is_stale(Job& job, const JobReply& reply, Now now);
  void described(Job& job, const JobReply& reply, Now now, Verdict& out);
  void progressed(Job& job, Now now, Verdict& out);
  Observation observe(Job& job, const TaskReply& row, Now now);
  void looked(Job& job, const std::optional<Sight>& before, const std::string& task_id);
  void expect_timeout(const Job& job, const std::string& task_id);
  void restored(const std::string& job_id);
  void look_for_timeouts(Now now);
  void look_for_surplus(Now now);

  std::string account_;
  Tracker& tracker_;
  Pace pace_;
  JobPlanner planner_;
  std::map<std::string, Instance> instances_;  // by name
  std::map<std::string, Job> jobs_;
  std::unordered_map<std::string, std::size_t> assisted_;  // job -> unfinished explicit tasks
  CloserLooks looks_;
  Timeouts timeouts_;
  Mono surplus_looked_ = Mono::min();
  Mono foreseen_ = Mono::min();
};

}  // namespace taskwatchd
