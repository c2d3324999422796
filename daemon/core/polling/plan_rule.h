// Which rule decides when something is polled next: the `rule` strings of `taskwatchd explain`. The
// planners return the rule that delays longest; account/explain.cc turns it into a sentence. No
// I/O.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/types/names.h"
#include "core/types/time.h"

namespace taskwatchd {

enum class PlanRule : std::uint8_t {
  kInFlight,             // a call was sent, the response is awaited
  kTurn,                 // due: waits for its turn among other due calls
  kUnseen,               // due, and no successful response yet
  kPaceTask,             // minimum poll interval of an unfinished task
  kEvenSpread,           // few unfinished tasks: round robin, spread over that interval
  kPaceFinished,         // minimum poll interval of what a rerun could revive
  kFinishedShare,        // finished tasks get few calls while others are unfinished
  kFinalPoll,            // SUCCEEDED, CANCELLED, superseded: one more poll later
  kFinal,                // that poll was made
  kHeartbeat,            // all is finished: one call per minute
  kGone,                 // the platform does not know it: polled rarely
  kRetry,                // a call for this item failed
  kBackingOff,           // its instance or account is backing off
  kProbe,                // one call probes whether it has recovered
  kDenied,               // the API may not be called
  kNoQuota,              // the configured quota of the API is 0 calls/s
  kRate,                 // the account's rate limit for the API
  kWaitRequested,        // a response requested a pause, or there are no credentials
  kPaceJob,              // minimum poll interval of an unfinished job's statistics
  kDetailsTurn,          // a finished job's details are polled next, then its statistics
  kStatisticsFirst,      // no list before the statistics show which
  kListUnreconciled,     // the statistics count tasks not yet observed in a list
  kScanFoundNothing,     // a complete scan found none of them: exponential backoff
  kNothingUnreconciled,  // the statistics count no such tasks
  kListsRoundRobin,      // without statistics all lists are read, round robin
  kMessageWanted,        // QueryTask returns what lists do not: message and detail
  kLeftList,             // it is no longer in the IN_PROGRESS list
  kTimeout,              // it reached its timeout
  kExcessTasks,          // more recorded in its status than counted, or a poll of it failed
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

// The earliest time, and the rule that sets it. max(): no time is planned.
struct Planned {
  PlanRule rule = PlanRule::kTurn;
  Mono at = Mono::min();

  // Also not before `when`, for the reason `why`.
  void not_before(PlanRule why, Mono when) {
    if (when <= at) return;
    rule = why;
    at = when;
  }
};

}  // namespace taskwatchd
