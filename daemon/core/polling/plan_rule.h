// Which rule decides when something is asked next: the words of `taskwatchd explain`. The planners
// name the rule that holds longest; account/explain.cc says it in a sentence. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/types/names.h"
#include "core/types/time.h"

namespace taskwatchd {

enum class PlanRule : std::uint8_t {
  kInFlight,         // asked, the answer is awaited
  kTurn,             // due: waits for its turn among others that are due
  kUnseen,           // due, and no good reply yet
  kPaceTask,         // the floor of an unfinished task
  kEven,             // few unfinished tasks take turns, spread over that floor
  kPaceFinished,     // the floor of what a rerun could revive
  kFinishedShare,    // finished tasks get few calls while others are not finished
  kSettledOnce,      // SUCCEEDED, CANCELLED, superseded: one more look after a while
  kSettled,          // that look was taken
  kHeartbeat,        // all is finished: one call a minute
  kGone,             // the cloud does not know it: rarely
  kRetry,            // a call for this one thing failed
  kHeld,             // its instance or account does not answer
  kProbe,            // one call tries whether it does again
  kDenied,           // the API may not be called
  kNoQuota,          // the configuration has 0 calls/s for the API
  kRate,             // the account's pace for the API
  kAskedToWait,      // a reply asked us to wait, or there are no keys
  kPaceJob,          // the floor of an unfinished job's statistics
  kDescriptionTurn,  // a finished job's status is read next, then its statistics
  kStatisticsFirst,  // no list before the statistics say which
  kMissing,          // the statistics count tasks that no reply has shown so
  kFruitless,        // a whole walk found none of them: repeated ever later
  kNothingMissing,   // they do not
  kBlindLists,       // without statistics all lists are read in turn
  kWords,            // QueryTask tells what lists do not: message and detail
  kLeft,             // it left the list of running tasks
  kTimeout,          // it reached its timeout
  kSurplus,          // more tasks are held in its status than there are, or a look at it failed
};

// clang-format off
inline constexpr std::array<std::string_view, 29> kPlanRuleNames = {
    "in_flight", "turn", "unseen", "pace_task", "even_spread", "pace_finished", "finished_share",
    "final_poll", "final", "heartbeat", "gone", "retry", "backing_off", "probe", "api_denied",
    "no_quota", "rate", "wait_requested", "pace_job", "details_turn", "statistics_first",
    "list_unreconciled", "scan_found_nothing", "nothing_unreconciled", "lists_round_robin",
    "message_wanted", "left_list", "timeout_reached", "excess_tasks"};
// clang-format on
inline std::string_view name(PlanRule rule) {
  return name_in(kPlanRuleNames, rule);
}

// When, at the earliest, and why not before. max(): no instant is planned.
struct Planned {
  PlanRule rule = PlanRule::kTurn;
  Mono at = Mono::min();

  // Not before `when` either, for that reason.
  void not_before(PlanRule why, Mono when) {
    if (when <= at) return;
    rule = why;
    at = when;
  }
};

}  // namespace taskwatchd
