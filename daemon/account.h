// All that is decided about one account, without touching the world: which task to ask next and
// when, what a reply means for the task, the pace, the account's health, and what is worth telling.
// The poller does what this says. Time and chance are passed in. Loop's thread.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "call_style.h"
#include "cloud/request.h"
#include "config/config.h"
#include "core/blind.h"
#include "core/health.h"
#include "core/limiter.h"
#include "core/scheduler.h"
#include "core/status.h"
#include "core/tracker.h"
#include "ports.h"

namespace taskwatchd {

// One answered (or failed) call, as it came back.
struct Answer {
  std::string task_id;
  Outcome outcome;
  std::optional<Wall> server_date;  // the reply's Date
  Duration took{};
};

// What an answer came to.
struct Verdict {
  Observation observation;
  std::optional<Reason> failure;  // as counted: kNotFound where others of the instance answer
  bool retry = false;             // this call repeated one that failed for a mendable reason
  std::vector<Event> news;        // not stored: account_recovered, api_throttled, ...
};

class Account {
 public:
  // `stored` is what the store holds of the configured tasks.
  Account(const AccountConfig& config, const Stored& stored, Now now);

  // Takes over a changed configuration of the same account; `stored` covers the tasks that are
  // newly listed. Tasks no longer listed are forgotten; their ids are returned.
  std::vector<std::string> configure(const AccountConfig& config, const Stored& stored, Now now);

  // The next task to ask, or when to look again. Nothing is asked while `paused`.
  Choice next(Now now);
  // REQUIRES: `next` has just named this task. Returns where and how to ask.
  Endpoint asked(const std::string& task_id, Now now);
  // REQUIRES: the task was asked and not answered yet. `chance` in [0, 1).
  Verdict settle(const Answer& answer, Now now, double chance);
  // There are no keys to sign with: nothing was sent. Told once.
  std::vector<Event> no_keys(const std::string& task_id, const std::string& why, Now now);
  // The keys are others than before: what was refused may be mended, so ask at once.
  void keys_changed();

  // Records whose last_seen moved, and instants worth keeping, since the last call of this.
  Commit refresh();

  AccountStatus status(Now now) const;
  bool watches(const std::string& task_id) const { return tracker_.watches(task_id); }
  const AccountConfig& config() const { return config_; }
  // The offset to add to our clock when signing: zero unless the cloud refused our time.
  std::chrono::milliseconds clock_correction() const { return style_.clock_correction; }

 private:
  struct Instance {
    InstanceConfig config;
    Health health;
    int in_flight = 0;
    Mono good_at = Mono::min();  // the last good reply
    bool known_absent = false;   // since then a seen task got a code that may mean absence
    int told_absent = 0;         // since then, of the tasks that may be absent
  };

  void watch(const InstanceConfig& instance, std::size_t number, const Stored& stored, Now now);
  Instance& instance_of(const std::string& task_id);
  void settle_good(const Answer& answer, const TaskReply& reply, Now now, Verdict& verdict);
  void settle_bad(const Answer& answer, const Failure& failure, Now now, double chance,
                  Verdict& verdict);
  void count_for(Instance& instance, Now now, Verdict& verdict);
  void count_against(const Failure& failure, Instance& instance, Now now, double chance,
                     Verdict& verdict);
  void refuse_rate(const Failure& failure, const Instance& instance, Now now, Verdict& verdict);
  void look_for_absence(const Answer& answer, const Failure& failure, Instance& instance, Now now,
                        double chance, Verdict& verdict);
  std::vector<std::string> unfinished() const;
  void pace_blind_watch();
  Duration back_off(const std::string& task_id);
  void tell(Verdict& verdict, Now now, const Instance& instance, const Failure& failure) const;
  std::string advise(const Failure& failure, const Instance& instance) const;

  AccountConfig config_;
  Limiter limiter_;
  Scheduler scheduler_;
  Tracker tracker_;
  Health health_;               // of all instances together
  bool whole_refused_ = false;  // by the last failure, for a reason that concerns every instance
  BlindWatch blind_;
  std::vector<Instance> instances_;
  std::unordered_map<std::string, std::size_t> home_;  // task -> instance
  std::unordered_map<std::string, int> failing_;       // task -> failures of its own, running
  std::unordered_set<std::string> mending_;            // tasks whose next call is a retry
  std::unordered_set<std::string> touched_;            // seen since the last refresh
  std::optional<Mono> throttled_;                      // told, and the last refusal's time
  std::optional<double> clock_offset_;                 // s, cloud less ours
  std::optional<Wall> last_success_;
  CallStyle style_;
  bool told_no_keys_ = false;
};

}  // namespace taskwatchd
