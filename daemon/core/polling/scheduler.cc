#include "core/polling/scheduler.h"

#include <algorithm>
#include <cassert>

namespace taskwatchd {
namespace {

constexpr Duration kIdle = std::chrono::minutes(1);  // between calls if all are finished
constexpr Duration kFinalPollDelay =
    std::chrono::minutes(10);  // SUCCEEDED, CANCELLED: one more poll
constexpr Duration kGonePace = std::chrono::minutes(10);
constexpr double kRareShare = 0.05;  // of the slots, for finished tasks while others are unfinished
constexpr int kStarvedRounds = 3;    // an unfinished task waits at most this many complete rounds
// Few tasks are polled evenly over the poll interval, not in bursts. The 2 % keep n tasks below n /
// pace calls per second in any window of one second.
constexpr double kEvenSpread = 1.02;
constexpr unsigned kStarvedTurn = 3;  // one in this many slots is for tasks that wait too long
// While tasks are unseen: of four slots one is for them, one for known ones, two go by priority.
constexpr unsigned kTurns = 4;

// Mono::min() means never; adding to it keeps it far in the past.
Mono after(Mono when, Duration span) {
  return when + span;
}

}  // namespace

// The candidates of one pass over the entries, and when the next one will be due.
struct Scheduler::Best {
  const Entry* rare = nullptr;     // finished or gone, least recently polled
  const Entry* starved = nullptr;  // unfinished, least recently polled, past the maximum age
  const Entry* unseen = nullptr;
  const Entry* known = nullptr;  // unfinished, of the highest priority
  double priority = -1;
  Mono wake = Mono::max();
};

Scheduler::Kind Scheduler::kind_of(const TaskRecord& record) {
  if (record.gone) return Kind::kGone;
  if (record.superseded) return Kind::kFinal;
  if (is_bad(record.last.status)) return Kind::kBad;
  return is_finished(record.last.status) ? Kind::kFinal : Kind::kUnfinished;
}

Scheduler::Entry* Scheduler::find(const std::string& task_id) {
  const auto it = index_.find(task_id);
  return it == index_.end() ? nullptr : &entries_[it->second];
}

std::uint32_t Scheduler::instance_index(const std::string& instance) {
  const auto found = std::find(instances_.begin(), instances_.end(), instance);
  if (found != instances_.end()) return static_cast<std::uint32_t>(found - instances_.begin());
  instances_.push_back(instance);
  return static_cast<std::uint32_t>(instances_.size() - 1);
}

void Scheduler::add(const std::string& task_id, const std::string& instance,
                    const TaskRecord* known, Now now) {
  if (Entry* entry = find(task_id)) {
    entry->instance = instance_index(instance);
    return;
  }
  Entry entry;
  entry.task_id = task_id;
  entry.instance = instance_index(instance);
  entry.seen.at = now.wall;
  entry.seen.at_mono = now.mono;
  if (known != nullptr) {
    priority_.enter(entry.seen, known->last.job_id);
    entry.kind = kind_of(*known);
    entry.seen.status = known->last.status;
    entry.seen.entered = known->last.modified;
    entry.seen.at = known->last_seen;
    // Only the wall clock has advanced since then.
    entry.seen.at_mono =
        now.mono - std::max(Duration::zero(), Duration(now.wall - known->last_seen));
    if (entry.kind == Kind::kFinal || entry.kind == Kind::kGone) entry.asked = now.mono;
  }
  index_.emplace(task_id, entries_.size());
  entries_.push_back(std::move(entry));
}

void Scheduler::remove(const std::string& task_id) {
  const auto it = index_.find(task_id);
  if (it == index_.end()) return;
  const std::size_t at = it->second;
  index_.erase(it);
  priority_.leave(entries_[at].seen);
  if (at + 1 != entries_.size()) {
    entries_[at] = std::move(entries_.back());
    index_[entries_[at].task_id] = at;
  }
  entries_.pop_back();
}

Mono Scheduler::due(const Entry& entry) const {
  switch (entry.kind) {
    case Kind::kUnseen:
      return entry.poll.backoff_until();
    case Kind::kUnfinished:
      return std::max(after(entry.asked, pace_.task), entry.poll.backoff_until());
    case Kind::kBad:
      return std::max(after(entry.asked, pace_.finished), entry.poll.backoff_until());
    case Kind::kFinal:
      if (entry.confirmed) return Mono::max();
      return std::max(after(entry.asked, kFinalPollDelay), entry.poll.backoff_until());
    case Kind::kGone:
      return std::max(after(entry.asked, kGonePace), entry.poll.backoff_until());
  }
  return Mono::max();
}

bool Scheduler::in_flight(const std::string& task_id, Now now) const {
  const auto it = index_.find(task_id);
  return it != index_.end() && entries_[it->second].poll.is_waiting(now.mono);
}

Choice Scheduler::next(Now now, double rate, const Gates& gates) {
  // By index: there may be 100,000 entries, and few instances.
  std::vector<Mono> until;
  until.reserve(instances_.size());
  for (const std::string& instance : instances_) until.push_back(gates.until(instance));
  const std::size_t active = active_tasks();
  if (active == 0) return next_idle(now, until);
  return next_busy(now, rate, until, active);
}

std::size_t Scheduler::active_tasks() const {
  const auto active = std::count_if(entries_.begin(), entries_.end(), [](const Entry& e) {
    return e.kind == Kind::kUnseen || e.kind == Kind::kUnfinished;
  });
  return static_cast<std::size_t>(active);
}

Mono Scheduler::rare_ready(double rate) const {
  return after(last_rare_, from_seconds(1.0 / (kRareShare * rate)));
}

Mono Scheduler::known_ready(std::size_t active) const {
  return after(last_known_,
               from_seconds(kEvenSpread * seconds(pace_.task) / static_cast<double>(active)));
}

Mono Scheduler::idle_ready() const {
  return after(last_any_, std::max(kIdle, pace_.finished));
}

Choice Scheduler::next_busy(Now now, double rate, const std::vector<Mono>& gates,
                            std::size_t active) {
  const Mono rares_turn = rare_ready(rate);
  const Mono knowns_turn = known_ready(active);
  const Duration round = from_seconds(static_cast<double>(active) / rate);
  const Duration cap = kStarvedRounds * std::max(round, pace_.task);

  Best best;
  for (const Entry& e : entries_) {
    if (e.poll.is_waiting(now.mono)) {
      best.wake = std::min(best.wake, e.poll.ready());
      continue;
    }
    const bool rare = e.kind != Kind::kUnseen && e.kind != Kind::kUnfinished;
    Mono when = std::max(due(e), gates[e.instance]);
    if (rare) when = std::max(when, rares_turn);
    if (e.kind == Kind::kUnfinished) when = std::max(when, knowns_turn);
    if (when > now.mono) {
      best.wake = std::min(best.wake, when);
      continue;
    }
    if (rare) {
      if (best.rare == nullptr || e.asked < best.rare->asked) best.rare = &e;
    } else if (e.kind == Kind::kUnseen) {
      // The least recently polled one, so that one that keeps failing does not block the others.
      if (best.unseen == nullptr || e.asked < best.unseen->asked) best.unseen = &e;
    } else {
      if (after(e.asked, cap) < now.mono &&
          (best.starved == nullptr || e.asked < best.starved->asked)) {
        best.starved = &e;
      }
      const double priority = priority_.of_next(e.seen, now);
      if (priority > best.priority) {
        best.priority = priority;
        best.known = &e;
      }
    }
  }

  const bool starved_turn = best.starved != nullptr && turn_ % kStarvedTurn == 1;
  const Entry* const known = starved_turn ? best.starved : best.known;
  const Entry* chosen = best.rare;
  if (chosen == nullptr) chosen = best.unseen;
  if (best.rare == nullptr && best.unseen != nullptr && known != nullptr) {
    const unsigned turn = turn_ % kTurns;
    const bool known_first =
        turn == 0 || (turn > 1 && best.priority > priority_.of_first(best.unseen->seen, now));
    if (known_first) chosen = known;
  }
  if (chosen == nullptr) chosen = known;
  Choice choice;
  choice.wake = best.wake;
  if (chosen != nullptr) choice.task_id = chosen->task_id;
  return choice;
}

// Nothing is unfinished: one call per minute shows that the account still responds, and checks
// round robin whether a rerun has revived a task. Failed tasks are always due by then, so every
// other call is for the other due tasks.
Choice Scheduler::next_idle(Now now, const std::vector<Mono>& gates) {
  Choice choice;
  const Mono ready = idle_ready();
  const Entry* best = nullptr;
  int best_order = 3;
  for (const Entry& e : entries_) {
    if (e.poll.is_waiting(now.mono)) return Choice{{}, e.poll.ready()};
    const bool is_due = due(e) <= now.mono;
    if (e.kind == Kind::kGone && !is_due) {
      choice.wake = std::min(choice.wake, std::max(due(e), ready));
      continue;
    }
    const Mono when = std::max({ready, e.poll.backoff_until(), gates[e.instance]});
    if (when > now.mono) {
      choice.wake = std::min(choice.wake, when);
      continue;
    }
    const bool preferred = (e.kind == Kind::kBad) == (turn_ % 2 == 0);
    const int order = !is_due ? 2 : preferred ? 0 : 1;
    if (best == nullptr || order < best_order || (order == best_order && e.asked < best->asked)) {
      best = &e;
      best_order = order;
    }
  }
  if (best != nullptr) choice.task_id = best->task_id;
  return choice;
}

void Scheduler::on_sent(const std::string& task_id, std::uint64_t call, Now now) {
  Entry* const entry = find(task_id);
  assert(entry != nullptr);
  const bool rare = entry->kind != Kind::kUnseen && entry->kind != Kind::kUnfinished;
  if (entry->kind == Kind::kFinal && due(*entry) <= now.mono) entry->confirmed = true;
  entry->poll.on_sent(call, now.mono);
  entry->asked = now.mono;
  last_any_ = now.mono;
  if (rare) last_rare_ = now.mono;
  if (entry->kind == Kind::kUnfinished) last_known_ = now.mono;
  ++turn_;
}

void Scheduler::on_response(const std::string& task_id, std::uint64_t call,
                            const TaskRecord& record, Now now) {
  Entry* const entry = find(task_id);
  if (entry == nullptr) return;  // removed while the call was in flight
  entry->poll.on_response(call);
  noticed(task_id, record, now);
}

void Scheduler::noticed(const std::string& task_id, const TaskRecord& record, Now now) {
  Entry* const entry = find(task_id);
  if (entry == nullptr) return;
  const Kind kind = kind_of(record);
  const bool changed = entry->seen.status != record.last.status;
  if (entry->kind == Kind::kUnfinished) priority_.learn_next(entry->seen, record.last, now);
  if (entry->kind == Kind::kUnseen) priority_.learn_first(entry->seen, record.last, now);
  priority_.enter(entry->seen, record.last.job_id);
  if (changed || entry->kind == Kind::kUnseen) {
    entry->seen.entered = record.last.modified;
    entry->confirmed = false;
  }
  entry->kind = kind;
  entry->seen.status = record.last.status;
  entry->seen.at = now.wall;
  entry->seen.at_mono = now.mono;
}

void Scheduler::on_failure(const std::string& task_id, std::uint64_t call, Mono retry_at) {
  Entry* const entry = find(task_id);
  if (entry == nullptr) return;
  entry->poll.on_failure(call, retry_at);
  entry->confirmed = false;
}

void Scheduler::set_gone(const std::string& task_id, Now now) {
  Entry* const entry = find(task_id);
  if (entry == nullptr) return;
  entry->kind = Kind::kGone;
  entry->asked = now.mono;
}

PlanRule Scheduler::rule_of(const Entry& entry) const {
  if (due(entry) == entry.poll.backoff_until()) return PlanRule::kRetry;
  switch (entry.kind) {
    case Kind::kUnseen:
      return PlanRule::kRetry;
    case Kind::kUnfinished:
      return PlanRule::kPaceTask;
    case Kind::kBad:
      return PlanRule::kPaceFinished;
    case Kind::kFinal:
      return entry.confirmed ? PlanRule::kFinal : PlanRule::kFinalPoll;
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
    // Other tasks may be polled before they are due: some call must show that the account responds.
    const Mono wanted = entry.kind == Kind::kGone ? due(entry) : entry.poll.backoff_until();
    if (wanted > now.mono) planned.not_before(rule_of(entry), wanted);
  } else {
    const Mono wanted = due(entry);
    if (wanted > now.mono) planned.not_before(rule_of(entry), wanted);
    if (entry.kind == Kind::kUnfinished) {
      planned.not_before(PlanRule::kEvenSpread, known_ready(active));
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
