// All that is decided about one account, without touching the world: which call to make next and
// when, and what became of it. Three owners (owner.h) know what there is to poll and what an
// outcome means; this arbitrates between them: budgets, turns, whether the account and its
// instances answer. Every call that is begun is resolved to its owner exactly once. No I/O.
// Event-loop thread only; time and chance are passed in.
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
#include "account/distributions.h"
#include "account/explicit_tasks.h"
#include "account/overdue_watch.h"
#include "account/parts.h"
#include "account/reach.h"
#include "account/retries.h"
#include "cloud/request.h"
#include "config/config.h"
#include "core/tracking/blind.h"
#include "core/tracking/tracker.h"

namespace taskwatchd {

// One answered (or failed) call, as it came back.
struct Answer {
  Call call;
  Outcome outcome;
  std::optional<Wall> server_date;  // the reply's Date
  Duration took{};
};

class Account {
 public:
  // `stored` is what the store holds: the records of the configured tasks and of the tasks of
  // watched jobs, and all job records.
  Account(const AccountConfig& config, const Stored& stored, Now now);
  Account(const Account&) = delete;  // the owners share its tracker
  Account& operator=(const Account&) = delete;

  // Takes over a changed configuration of the same account; `stored` covers the tasks and jobs that
  // are newly listed. What is no longer listed is forgotten; the explicit tasks' ids are returned.
  std::vector<std::string> configure(const AccountConfig& config, const Stored& stored, Now now);
  std::vector<std::string> job_ids() const { return jobs_.job_ids(); }

  // The next call, or when to look again. Nothing is asked while what is wrong is the account's.
  NextCall next(Now now);

  // The call that `next` has just named is made. Returns where and how to ask. It ends with exactly
  // one of settle, no_keys, ask_again; before that it leaves, if it does.
  Endpoint begin(const Call& call, Now now);
  // It is leaving: from here on the account's quota counts it.
  void departed(const Call& call, Now now);
  // It was answered, or failed. `chance` in [0, 1).
  Verdict settle(const Answer& answer, Now now, double chance);
  // There are no credentials to sign with: nothing was sent. Logged once.
  std::vector<Event> no_keys(const Call& call, const std::string& why, Now now);
  // Nothing was sent, or what was sent had old keys: others are on their way. No failure.
  void ask_again(const Call& call, bool sent, Now now);
  // Calls that are begun and not ended.
  std::size_t under_way() const { return under_way_.size(); }

  // The file that a verdict named was fetched and read, or could not be; `begun`: when that began.
  // Nothing if a reload has dropped the distribution meanwhile.
  Verdict fetched(const std::string& distribution_id, Wall begun,
                  std::variant<DistributionResult, ResultFailure> result, Now now);
  // What a configuration has to store and tell, to be called after each and at the start: files
  // whose fetching an earlier life did not survive, fetches that nobody waits for any more.
  Verdict after_configure(Now now);
  // The daemon stops: fetches under way count as not begun from here on.
  std::vector<DistributionRecord> unbegin() { return distributions_.unbegin(); }
  // The keys are others than before: what was refused may be mended, so ask at once.
  void keys_changed() { reach_.forgive(); }

  // To be called every 10 s or so. Foresees the jobs' ends; returns the records whose last_seen
  // moved, and instants worth keeping, since the last call of this.
  Commit refresh(Now now);

  // For status.h and explain.h.
  AccountParts parts() const;
  bool watches(const std::string& task_id) const { return tasks_.watches(task_id); }
  // Every task that is watched.
  const TaskTable& tasks() const { return tracker_.table(); }
  // By id; they point into this until the next call that changes it.
  std::vector<const DistributionRecord*> distributions() const { return distributions_.records(); }
  const AccountConfig& config() const { return config_; }
  // The offset to add to our clock when signing: zero unless the cloud refused our time.
  std::chrono::milliseconds clock_correction() const { return reach_.style().clock_correction; }

 private:
  Owner& owner_of(const Call& call);
  std::array<const Owner*, kCallOwners> owners() const;
  void use(Api api, Now now);
  bool needs(Api api) const;
  bool others_usable(Api api) const;
  NextCall next_of(Api api, Now now, const Gates& gates);

  // What is known of a call that is over.
  struct Ended {
    bool there = false;            // its instance is still where it was asked
    std::optional<Mono> departed;  // nothing: it never left
  };
  Ended resolve(const Call& call, std::optional<bool> throttled);
  void take_answer(const Answer& answer, bool there, Now now, Verdict& out);
  void take_failure(const Answer& answer, const Failure& failure, bool there, Now now,
                    double chance, Verdict& out);
  void take_absence(const Answer& answer, const Failure& failure, Now now, double chance,
                    Verdict& out);
  void take_denial(const Answer& answer, const Failure& failure, Now now, double chance,
                   Verdict& out);
  void fail_owner(const Call& call, CallFailure::Kind kind, Mono retry_at, Now now, Verdict& out);
  std::vector<std::string> unfinished() const;
  void pace_blind_watch();

  AccountConfig config_;
  ApiBudgets budgets_;
  Tracker tracker_;
  Reach reach_;
  AccountJobs jobs_;
  ExplicitTasks tasks_;
  Distributions distributions_;
  Retries retries_;
  BlindWatch blind_;
  OverdueWatch overdue_;
  std::unordered_map<std::uint64_t, std::uint64_t> under_way_;  // call's number -> Reach's place
  std::uint64_t calls_ = 0;                                     // begun
  std::map<Api, CallOwner> served_;                             // whose the API's last call was
  std::optional<double> clock_offset_;                          // s, cloud less ours
};

}  // namespace taskwatchd
