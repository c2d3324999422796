// What the scheduler says of one task: the same instants by which `next` chooses.
#include <algorithm>

#include "core/polling/scheduler.h"

namespace taskwatchd {

PlanRule Scheduler::rule_of(const Entry& entry) const {
  if (due(entry) == entry.poll.backoff_until()) return PlanRule::kRetry;
  switch (entry.kind) {
    case Kind::kUnseen:
      return PlanRule::kRetry;
    case Kind::kUnfinished:
      return PlanRule::kPaceTask;
    case Kind::kBad:
      return PlanRule::kPaceFinished;
    case Kind::kSettled:
      return entry.confirmed ? PlanRule::kSettled : PlanRule::kSettledOnce;
    case Kind::kGone:
      return PlanRule::kGone;
  }
  return PlanRule::kTurn;
}

std::optional<Planned> Scheduler::plan_of(const std::string& task_id, Now now, double rate) const {
  const auto found = index_.find(task_id);
  if (found == index_.end()) return std::nullopt;
  const Entry& entry = entries_[found->second];
  if (entry.poll.is_waiting(now.mono)) return Planned{PlanRule::kInFlight, Mono::max()};
  const std::size_t active = active_tasks();
  Planned planned;
  if (active == 0) {
    const auto flying = [&](const Entry& e) { return e.poll.is_waiting(now.mono); };
    const bool busy = std::any_of(entries_.begin(), entries_.end(), flying);
    planned.not_before(PlanRule::kHeartbeat, busy ? Mono::max() : idle_ready());
    // Others may be asked before they are due: something has to show that the account answers.
    const Mono wanted = entry.kind == Kind::kGone ? due(entry) : entry.poll.backoff_until();
    if (wanted > now.mono) planned.not_before(rule_of(entry), wanted);
  } else {
    const Mono wanted = due(entry);
    if (wanted > now.mono) planned.not_before(rule_of(entry), wanted);
    if (entry.kind == Kind::kUnfinished) {
      planned.not_before(PlanRule::kEven, known_ready(active));
    } else if (entry.kind != Kind::kUnseen) {
      planned.not_before(PlanRule::kFinishedShare, rare_ready(rate));
    }
  }
  if (planned.at <= now.mono) {
    planned.rule = entry.kind == Kind::kUnseen ? PlanRule::kUnseen : PlanRule::kTurn;
  }
  return planned;
}

}  // namespace taskwatchd
