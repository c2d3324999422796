// Which list of which job is read next, and which of its pages: fifty tasks a call. Lists with bad
// ends come first, then those with other ends, then those with tasks that only moved on; each class
// keeps some turns. Knows the order of lists and whose turn it is; the jobs are the caller's. Pure;
// event-loop thread only. Reasons with numbers: docs/explanation/polling.md.
#pragma once

#include <cstdint>

#include "core/polling/page_order.h"
#include "core/polling/plan_rule.h"
#include "core/polling/planned_job.h"
#include "core/types/call.h"
#include "core/types/gates.h"
#include "core/types/pace.h"

namespace taskwatchd {

// When a page of the list may be asked at the earliest, and by which rule. `explain` and PageChoice
// both go by this.
Planned list_plan(const PlannedJob& job, std::size_t list, const ListWalk& walk, const Pace& pace,
                  Mono now);
// A walk of more pages than that has no end: twice what the statistics let expect, and a few.
std::uint32_t most_pages(const PlannedJob& job, std::size_t list);

class PageChoice {
 public:
  // Ends walks whose token is too old; changes nothing else in `jobs`.
  NextCall next(PlannedJobs& jobs, const Pace& pace, const Gates& gates, Mono now);
  // The page that next() named is being asked.
  void on_sent(const Call& call);
  // A page of a list came.
  void learn_order(const Call& call, const TaskPage& page);
  PageOrder::Kind order_of(const Call& call) const;
  // Tasks that left the list of running ones and wait for a QueryTask that says where to: with many
  // waiting there is no use in finding more.
  void set_hints(std::size_t waiting) { hints_ = waiting; }

 private:
  // Of ten pages seven are for bad ends while others wait: no page is owed to those before.
  static constexpr unsigned kBadTurns = 7;
  static constexpr unsigned kGoodTurns = 3;
  // Of what a list would find. kFirst: tasks that were never seen, of any status.
  enum class Class : std::uint8_t { kBad, kEnd, kMove, kFirst };
  struct Candidate {
    PlannedJob* job = nullptr;
    std::size_t list = 0;
    double worth = -1;
    bool beside = false;
  };

  static Class class_of(const PlannedJob& job, std::size_t list);
  static Call page_call(const Candidate& chosen, Mono now);
  bool may_walk_beside(PlannedJob& job, std::size_t list, Mono now) const;
  std::size_t shortest(const PlannedJob& job, std::size_t list, Mono now) const;
  double worth(const PlannedJob& job, std::size_t list, double missing, Mono now) const;

  PageOrder order_;  // the account's
  std::size_t hints_ = 0;
  bool both_wait_ = false;  // bad ends and others, when the last page was named
  unsigned owed_ = 0;       // to the others, in sevenths of a page
  unsigned good_turn_ = 0;  // pages that were not for bad ends, to share those
};

}  // namespace taskwatchd
