// All that is decided about one account, without touching the world: which call to make next and
// when, what a reply means for tasks, jobs, the pace, the account's health, and what is worth
// telling. The poller does what this says. Time and chance are passed in. Loop's thread.
// reach.h decides about calls, jobs.h about jobs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "account/jobs.h"
#include "account/overdue_watch.h"
#include "account/reach.h"
#include "cloud/request.h"
#include "config/config.h"
#include "core/blind.h"
#include "core/change.h"
#include "core/distribution_watch.h"
#include "core/explanation.h"
#include "core/limiter.h"
#include "core/scheduler.h"
#include "core/status.h"
#include "core/tracker.h"

namespace taskwatchd {

// One answered (or failed) call, as it came back.
struct Answer {
  Call call;
  Outcome outcome;
  std::optional<Wall> server_date;  // the reply's Date
  Duration took{};
};

// What an answer came to.
struct Verdict {
  Observation observation;
  std::vector<JobRecord> jobs;
  std::vector<DistributionRecord> distributions;
  std::optional<ResultRequest> fetch;  // a result file to be fetched now
  std::optional<Reason> failure;       // as counted: kNotFound where others of the instance answer
  bool retry = false;                  // this call repeated one that failed for a mendable reason
  std::vector<Event> news;             // not stored: account_recovered, api_throttled, ...
};

class Account {
 public:
  // `stored` is what the store holds: the records of the configured tasks and of the tasks of
  // watched jobs, and all job records.
  Account(const AccountConfig& config, const Stored& stored, Now now);

  // Takes over a changed configuration of the same account; `stored` covers the tasks and jobs that
  // are newly listed. What is no longer listed is forgotten; the explicit tasks' ids are returned.
  std::vector<std::string> configure(const AccountConfig& config, const Stored& stored, Now now);
  std::vector<std::string> job_ids() const { return jobs_.job_ids(); }

  // The next call, or when to look again. Nothing is asked while what is wrong is the account's.
  NextCall next(Now now);
  // REQUIRES: `next` has just named this call. Returns where and how to ask.
  Endpoint asked(const Call& call, Now now);
  // REQUIRES: the call was asked and not answered yet. `chance` in [0, 1).
  Verdict settle(const Answer& answer, Now now, double chance);
  // There are no keys to sign with: nothing was sent. Told once.
  // The file that a verdict named was fetched and read, or could not be. Nothing if a reload has
  // dropped the distribution meanwhile.
  Verdict fetched(const std::string& distribution_id,
                  std::variant<DistributionResult, ResultFailure> result, Now now);
  std::vector<Event> no_keys(const Call& call, const std::string& why, Now now);
  // Nothing was sent, or what was sent had old keys: others are on their way. No failure.
  void ask_again(const Call& call, bool sent, Now now);
  // The keys are others than before: what was refused may be mended, so ask at once.
  void keys_changed() { reach_.forgive(); }

  // To be called every 10 s or so. Foresees the jobs' ends; returns the records whose last_seen
  // moved, and instants worth keeping, since the last call of this.
  Commit refresh(Now now);

  AccountStatus status(Now now) const;
  // What is held of the task and planned for it; nothing if it is not watched. For one task at a
  // person's request: walks through what waits.
  std::optional<Explanation> explain(const std::string& task_id, Now now) const;
  bool watches(const std::string& task_id) const { return home_.contains(task_id); }
  // Every task that is watched.
  const TaskTable& tasks() const { return tracker_.table(); }
  // By id; they point into this until the next call that changes it.
  std::vector<const DistributionRecord*> distributions() const { return distributions_.records(); }
  const AccountConfig& config() const { return config_; }
  // The offset to add to our clock when signing: zero unless the cloud refused our time.
  std::chrono::milliseconds clock_correction() const { return reach_.style().clock_correction; }

 private:
  // One API's part of the quota.
  struct Budget {
    Limiter limiter;
    bool denied = false;  // its last reply was that we may not
    Mono denied_until = Mono::min();
    int denials = 0;  // running
    std::optional<Wall> last_success;
  };
  void watch(const InstanceConfig& instance, std::size_t number, const Stored& stored, Now now);
  void use(Api api, Now now);
  bool needs(Api api) const;
  std::optional<NextCall> next_of(Api api, Now now, const std::vector<Mono>& held);
  NextCall next_distribution(Call call, Now now, const std::vector<Mono>& held) const;
  bool others_usable(Api api) const;
  bool is_explicit(const std::string& task_id) const { return home_.contains(task_id); }

  void settle_good(const Answer& answer, std::size_t number, Now now, Verdict& verdict);
  void settle_another(const Answer& answer, std::size_t number, Now now, Verdict& verdict);
  void settle_task(const Answer& answer, const TaskReply& reply, Now now, Verdict& verdict);
  void settle_distribution(const Answer& answer, Now now, Verdict& verdict);
  void settle_job_call(const Answer& answer, Now now, Verdict& verdict);
  void settle_bad(const Answer& answer, const Failure& failure, std::size_t number, Now now,
                  double chance, Verdict& verdict);
  void deny(const Answer& answer, const Failure& failure, std::size_t number, Now now,
            double chance, Verdict& verdict);
  void look_for_absence(const Answer& answer, const Failure& failure, std::size_t number, Now now,
                        double chance, Verdict& verdict);
  void retry_later(const Call& call, Mono when);
  void note_live(const TaskRecord& record);
  void forget_task(const std::string& task_id);
  void forget_job(const std::string& job_id);
  void know(const std::vector<TaskRecord>& records, Now now);
  std::vector<std::string> unfinished() const;
  PlannedCall planned(Api api, std::size_t instance, Planned plan, std::string why, Now now) const;
  void explain_explicit(const TaskRow& row, Now now, std::vector<PlannedCall>& next) const;
  void explain_job(const std::string& job_id, Now now, std::vector<PlannedCall>& next) const;
  void explain_look(const TaskRow& row, Now now, std::vector<PlannedCall>& next) const;
  void pace_blind_watch();
  Duration back_off(const std::string& item);

  AccountConfig config_;
  std::map<Api, Budget> budgets_;
  Scheduler scheduler_;  // of the explicit tasks
  Tracker tracker_;
  Reach reach_;
  AccountJobs jobs_;
  DistributionWatch distributions_;
  BlindWatch blind_;
  std::unordered_map<std::string, std::size_t> home_;  // explicit task -> instance
  std::unordered_map<std::string, int> failing_;       // task, job -> failures of its own, running
  std::unordered_set<std::string> mending_;            // tasks and jobs whose next call is a retry
  std::unordered_set<std::string> touched_;            // explicit tasks seen since the last refresh
  // Explicit tasks that are not finished, by job: with many of one job its lists help.
  std::unordered_map<std::string, std::unordered_set<std::string>> live_;
  OverdueWatch overdue_;
  bool job_turn_ = false;  // of QueryTask's slots: explicit tasks and jobs' tasks take turns
  std::optional<double> clock_offset_;  // s, cloud less ours
};

}  // namespace taskwatchd
