// What must be true of replicas. R1: one replica sends the calls of an account, within its quota.
// R2: no transition is lost, or has two ids, and those of a task follow each other. R3: nothing is
// written without the lease, nor with what was seen under an earlier one. Liveness: each account
// has a holder soon.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/types/change.h"
#include "simulation/replicas_database.h"

namespace taskwatchd {

class ReplicasWorld;
class SimReplica;

class ReplicasCheck {
 public:
  // `limit`: calls of an account and API in any second.
  ReplicasCheck(ReplicasWorld& world, std::size_t limit);

  // `frozen`: the process was frozen between the check of the lease and the write.
  void on_call(const SimReplica& by, const HttpRequest& request, bool frozen);
  void on_commit(const SimDatabase::Transaction& by, const Commit& commit);
  void on_committed(const SimReplica& by, const TaskChange& change);
  void on_delivered(const Event& event);
  // Its wall clock is now ahead of the true time by `ahead`.
  void on_clock(const std::string& uuid, std::chrono::milliseconds ahead);
  void on_stop(const SimReplica& replica);

  // After every step.
  void step();
  // Once faults have ended and some time has passed.
  void converged();

  const std::vector<std::string>& violations() const { return violations_; }
  std::uint64_t calls() const { return calls_; }
  std::uint64_t transitions() const { return transitions_; }
  std::uint64_t frozen_calls() const { return frozen_calls_; }
  // Times without a serving holder, and from stops to the next holder.
  const std::vector<Duration>& takeovers() const { return takeovers_; }
  const std::vector<Duration>& handovers() const { return handovers_; }

 private:
  struct Call {
    Mono at;
    bool frozen;
  };
  struct Stopped {
    std::string account;
    std::string uuid;
    std::size_t number;
    Mono at;
  };
  void violate(const std::string& what);
  void check_event(const Event& event, const SimDatabase::Transaction& by);
  void check_served(const std::string& account);
  void check_stopped();
  std::optional<Mono> candidate_since(const std::string& account, const std::string& but);
  std::optional<Mono> all_calm_since();
  bool serves(const std::string& account);

  ReplicasWorld& world_;
  std::size_t limit_;
  std::map<std::pair<std::string, std::string>, std::deque<Call>> sends_;  // account, API
  std::map<std::string, Mono> last_call_;
  std::map<std::string, Mono> served_at_;
  std::set<std::string> unserved_;
  std::map<std::string, std::vector<std::chrono::milliseconds>> ahead_;  // by replica
  std::map<TaskKey, std::string> status_;                                // as of the last event
  std::map<std::string, std::uint64_t> delivered_;                       // highest id by account
  std::set<std::uint64_t> delivered_ids_;
  std::vector<Stopped> stopped_;
  std::vector<Duration> takeovers_;
  std::vector<Duration> handovers_;
  std::vector<std::string> violations_;
  std::uint64_t calls_ = 0;
  std::uint64_t transitions_ = 0;
  std::uint64_t frozen_calls_ = 0;
};

}  // namespace taskwatchd
