// All decisions about one account: which API call to make next and when, and what its outcome
// means. Three owners (owner.h) know what to poll and interpret the outcomes; Account arbitrates
// between them: rate budgets, round robin, and whether the account and its instances are up. Every
// call that was begun is resolved to its owner exactly once. No I/O. Event-loop thread only; the
// caller passes the time and random values.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "account/account_jobs.h"
#include "account/api_budgets.h"
#include "account/connectivity.h"
#include "account/distributions.h"
#include "account/explicit_survey.h"
#include "account/explicit_tasks.h"
#include "account/overdue_watch.h"
#include "account/parts.h"
#include "account/retries.h"
#include "cloud/request.h"
#include "config/config.h"
#include "core/tracking/blind.h"
#include "core/tracking/tracker.h"

namespace taskwatchd {

// One completed call: its response or failure.
struct CallResult {
  Call call;
  Outcome outcome;
  std::optional<Wall> server_date;  // the Date header of the response
  Duration took{};
};

class Account {
 public:
  // `stored` comes from the state database: the records of the configured tasks and of the tasks of
  // watched jobs, and all job records.
  Account(const AccountConfig& config, const Stored& stored, Now now);
  Account(const Account&) = delete;  // the owners share its tracker
  Account& operator=(const Account&) = delete;

  // Applies a changed configuration of the same account; `stored` covers the newly listed tasks and
  // jobs. Items no longer listed are forgotten; returns the ids of such explicit tasks.
  std::vector<std::string> configure(const AccountConfig& config, const Stored& stored, Now now);
  std::vector<std::string> job_ids() const { return jobs_.job_ids(); }

  // Returns the next call, or when to check again. No calls while the whole account is failing.
  NextCall next(Now now);

  // The call that `next` has just returned is being made. Returns the endpoint and how to call it.
  // Must be followed by exactly one of apply, no_keys, requeue; before that by departed, if the
  // request is sent.
  Endpoint begin(const Call& call, Now now);
  // The request is being sent: from now on it counts towards the account's quota.
  void departed(const Call& call, Now now);
  // The call has succeeded or failed. `random01`: random value in [0, 1), for jitter.
  CallEffects apply(const CallResult& answer, Now now, double random01);
  // No credentials are available, so nothing was sent. Returns an event to store only the first
  // time.
  std::vector<Event> no_keys(const Call& call, const std::string& why, Now now);
  // Requeues the call without counting a failure: new credentials are on the way. `sent`: the
  // request was sent, and the API rejected the old ones.
  void requeue(const Call& call, bool sent, Now now);
  // Calls that were begun and are not resolved yet.
  std::size_t under_way() const { return under_way_.size(); }

  // Applies the outcome of downloading the result file requested by CallEffects; `begun` is when
  // the download started. Returns no effects if a reload has removed the distribution since.
  CallEffects fetched(const std::string& distribution_id, Wall begun,
                      std::variant<DistributionResult, ResultFailure> result, Now now);
  // Returns what to store and log after `configure`; call it after each one and at startup. It
  // covers downloads that a crash interrupted and downloads whose distribution was removed.
  CallEffects after_configure(Now now);
  // The daemon is stopping: downloads in progress count as not started from here on.
  std::vector<DistributionRecord> unbegin() { return distributions_.unbegin(); }
  // Call when the credentials have changed. Resets all backoff, so that polling resumes at once.
  void keys_changed() { connectivity_.reset_backoff(); }

  // Call about every 10 s, before refresh(). Updates the jobs' forecasts and the survey of explicit
  // tasks. With very many tasks it does one step of them: call it again soon while is_surveying().
  void survey(Now now) {
    jobs_.update_forecasts(now);
    explicit_survey_.step(now.mono);
  }
  bool is_surveying() const { return jobs_.is_forecasting() || explicit_survey_.is_running(); }
  // Returns the records whose last_seen has changed since the previous call, events of deadlines
  // and stalled tasks, and timestamps to persist.
  Commit refresh(Now now);

  // For status.h and explain.h.
  AccountParts parts() const;
  bool watches(const std::string& task_id) const { return tasks_.watches(task_id); }
  // All watched tasks.
  const TaskTable& tasks() const { return tracker_.table(); }
  // Ordered by id; the pointers are valid until the next non-const call.
  std::vector<const DistributionRecord*> distributions() const { return distributions_.records(); }
  const AccountConfig& config() const { return config_; }
  // Offset to add to the local clock when signing: 0 unless the API rejected the local time.
  std::chrono::milliseconds clock_correction() const {
    return connectivity_.style().clock_correction;
  }

 private:
  Owner& owner_of(const Call& call);
  std::array<const Owner*, kCallOwners> owners() const;
  void use(Api api, Now now);
  bool needs(Api api) const;
  bool others_usable(Api api) const;
  NextCall next_of(Api api, Now now, const Gates& gates);

  // What is known about a call that was resolved.
  struct Ended {
    bool there = false;            // its instance still has the same endpoint
    std::optional<Mono> departed;  // nullopt: it was never sent
  };
  Ended resolve(const Call& call, std::optional<bool> throttled);
  void take_response(const CallResult& answer, bool there, Now now, CallEffects& out);
  void take_failure(const CallResult& answer, const Failure& failure, bool there, Now now,
                    double random01, CallEffects& out);
  void take_absence(const CallResult& answer, const Failure& failure, Now now, double random01,
                    CallEffects& out);
  void take_denial(const CallResult& answer, const Failure& failure, Now now, double random01,
                   CallEffects& out);
  void fail_owner(const Call& call, CallFailure::Kind kind, Mono retry_at, Now now,
                  CallEffects& out);
  std::vector<std::string> unfinished() const;
  void pace_blind_watch();

  AccountConfig config_;
  ApiBudgets budgets_;
  Tracker tracker_;
  Connectivity connectivity_;
  AccountJobs jobs_;
  ExplicitTasks tasks_;
  ExplicitSurvey explicit_survey_{config_, tracker_, jobs_};
  Distributions distributions_;
  Retries retries_;
  BlindWatch blind_;
  OverdueWatch overdue_;
  std::unordered_map<std::uint64_t, std::uint64_t> under_way_;  // call number -> endpoint_number()
  std::uint64_t calls_ = 0;                                     // begun so far
  std::map<Api, CallOwner> served_;                             // owner of the API's last call
  std::optional<double> clock_offset_;                          // s, platform minus local clock
};

}  // namespace taskwatchd
