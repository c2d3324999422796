// Which list of which job is read next, and which of its pages (50 tasks per call). Lists with
// failed tasks come first, then those with other finished tasks, then those with tasks that only
// changed status; each class gets some slots. Keeps the learned order of lists and the round robin;
// the jobs belong to the caller. No I/O. Event-loop thread only. Reasons with numbers:
// docs/explanation/polling.md.
#pragma once

#include <cstdint>

#include "core/polling/page_order.h"
#include "core/polling/plan_rule.h"
#include "core/polling/planned_job.h"
#include "core/types/call.h"
#include "core/types/gates.h"
#include "core/types/pace.h"

namespace taskwatchd {

// The earliest time of the list's next page, and the rule that sets it. Both `explain` and
// PageChoice use this.
Planned list_plan(const PlannedJob& job, std::size_t list, const ListScan& scan, const Pace& pace,
                  Mono now);
// A scan of more pages has no end: twice the pages that the statistics imply, and a few more.
std::uint32_t most_pages(const PlannedJob& job, std::size_t list);

class PageChoice {
 public:
  // Restarts scans whose token has expired; changes nothing else in `jobs`.
  NextCall next(PlannedJobs& jobs, const Pace& pace, const Gates& gates, Mono now);
  // The page returned by next() is being requested.
  void on_sent(const Call& call);
  // A page of a list was received.
  void learn_order(const Call& call, const TaskPage& page);
  PageOrder::Kind order_of(const Call& call) const;
  // `waiting`: tasks that are no longer in the IN_PROGRESS list and wait for a QueryTask call that
  // shows their status. If many wait, finding more is useless.
  void set_hints(std::size_t waiting) { hints_ = waiting; }

 private:
  // While others wait, seven of ten pages are for failures: these need no credit below this value.
  static constexpr unsigned kBadTurns = 7;
  static constexpr unsigned kGoodTurns = 3;
  // By what a list would find. kFirst: tasks that were never seen, of any status.
  enum class Class : std::uint8_t { kBad, kEnd, kMove, kFirst };
  struct Candidate {
    PlannedJob* job = nullptr;
    std::size_t list = 0;
    double priority = -1;
    bool parallel = false;
  };

  static Class class_of(const PlannedJob& job, std::size_t list);
  static Call page_call(const Candidate& chosen, Mono now);
  bool may_scan_in_parallel(PlannedJob& job, std::size_t list, Mono now) const;
  std::size_t shortest(const PlannedJob& job, std::size_t list, Mono now) const;
  double priority(const PlannedJob& job, std::size_t list, double unreconciled, Mono now) const;

  PageOrder order_;  // of the account's lists
  std::size_t hints_ = 0;
  bool both_wait_ = false;  // failures and others, when the last page was chosen
  unsigned owed_ = 0;       // credit of the others, in sevenths of a page
  unsigned good_turn_ = 0;  // pages that were not for failures, to share those
};

}  // namespace taskwatchd
