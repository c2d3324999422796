#include "core/tracking/tracker.h"

#include <algorithm>
#include <cassert>
#include <iterator>

#include "core/events/task_events.h"

namespace taskwatchd {
namespace {

constexpr int kAgreeing = 3;  // consecutive responses before a status or absence is accepted
constexpr Duration kAgreeingSpan = std::chrono::seconds(60);
constexpr Duration kGoneSpan = std::chrono::minutes(2);

bool is_rerun(TaskStatus from, TaskStatus to) {
  // RerunJob restarts FAILED and TIMED_OUT tasks; whatever follows belongs to the next attempt.
  const bool revivable = from == TaskStatus::kFailed || from == TaskStatus::kTimedOut;
  return revivable && to != from && to != TaskStatus::kUnknown;
}

bool goes_back(TaskStatus from, TaskStatus to) {
  if (from == TaskStatus::kUnknown || to == TaskStatus::kUnknown) return false;
  return rank(to) < rank(from) && !is_rerun(from, to);
}

// Returns true if the response changes nothing. Fields missing from a list row cannot differ.
bool same(const TaskRow& row, const TaskReply& recorded, const TaskReply& reply) {
  const bool same_message = reply.listed || (recorded.message == reply.message &&
                                             recorded.status_detail == reply.status_detail);
  return row.status == reply.status && same_message && recorded.status_text == reply.status_text &&
         recorded.progress == reply.progress && row.modified == reply.modified &&
         row.queued == reply.queued && recorded.job_name == reply.job_name &&
         row.device == reply.device_name && recorded.product_key == reply.product_key;
}

}  // namespace

std::vector<TaskStatus> inferred_steps(TaskStatus from, TaskStatus to) {
  using enum TaskStatus;
  int first = is_finished(from) ? 0 : rank(from) + 1;  // ranks passed lie in [first, last]
  int last = rank(to) - 1;
  if (from == kUnknown || to == kUnknown || to == kCancelled) return {};
  if (to == kRejected) last = 1;
  std::vector<TaskStatus> steps;
  for (const TaskStatus step : {kQueued, kSent, kInProgress}) {
    if (rank(step) >= first && rank(step) <= last) steps.push_back(step);
  }
  return steps;
}

void Observation::add(Observation&& other) {
  accepted = accepted || other.accepted;
  moved = moved || other.moved;
  std::move(other.changes.begin(), other.changes.end(), std::back_inserter(changes));
  std::move(other.events.begin(), other.events.end(), std::back_inserter(events));
  std::move(other.counters.begin(), other.counters.end(), std::back_inserter(counters));
  std::move(other.anomalies.begin(), other.anomalies.end(), std::back_inserter(anomalies));
}

void Tracker::watch(const std::string& task_id, SharedContext context,
                    std::optional<TaskRecord> known, Now since) {
  if (const auto recorded = table_.find(task_id)) {
    table_.row(*recorded).explicit_id = true;
    table_.row(*recorded).context = std::move(context);
    return;
  }
  const Slot slot = table_.add(task_id, std::move(context), since.wall);
  table_.row(slot).explicit_id = true;
  if (!known) return;
  table_.assign(slot, *known);
  if (!known->superseded) table_.set_of_device(slot);
}

void Tracker::restore(const TaskRecord& record, SharedContext context, Now since) {
  if (watches(record.key.task_id)) return;
  const Slot slot = table_.add(record.key.task_id, std::move(context), since.wall);
  table_.assign(slot, record);
  if (!record.superseded) table_.set_of_device(slot);
}

void Tracker::set_context(const std::string& task_id, SharedContext context) {
  if (const auto slot = table_.find(task_id)) table_.row(*slot).context = std::move(context);
}

void Tracker::unwatch(const std::string& task_id) {
  if (const auto slot = table_.find(task_id)) table_.remove(*slot);
}

void Tracker::leave_to_job(const std::string& task_id) {
  if (const auto slot = table_.find(task_id)) table_.row(*slot).explicit_id = false;
}

void Tracker::unwatch_job(const std::string& job_id) {
  std::vector<std::string> ids;
  table_.for_each(job_id, [&](const TaskRow& row) {
    if (!row.explicit_id) ids.push_back(row.id);
  });
  for (const std::string& id : ids) unwatch(id);
}

Observation Tracker::observe(const std::string& task_id, const TaskReply& reply, Now now) {
  const auto slot = table_.find(task_id);
  assert(slot);
  if (reply.task_id != task_id) {
    Observation out;
    out.anomalies.push_back(Anomaly::kWrongTaskId);
    return out;
  }
  return take(*slot, reply, now);
}

Observation Tracker::observe_row(const TaskReply& row, const SharedContext& context, Wall since,
                                 Now now, bool known_only) {
  auto slot = table_.find(row.task_id);
  if (!slot) {
    if (known_only) return {};
    slot = table_.add(row.task_id, context, since);
  }
  TaskRow& recorded = table_.row(*slot);
  // Nearly all rows of nearly all pages: no change, and no copy needed.
  if (recorded.seen && !recorded.gone && recorded.status == row.status &&
      recorded.modified == row.modified && recorded.progress == row.progress.value_or(-1) &&
      recorded.status != TaskStatus::kUnknown && !moves_job(recorded, row)) {
    recorded.last_seen = now.wall;
    recorded.rejected.reset();
    Observation out;
    out.accepted = true;
    return out;
  }
  return take(*slot, row, now);
}

// A task never changes its job: a response with another job id is wrong in this point.
bool Tracker::moves_job(const TaskRow& row, const TaskReply& reply) const {
  const std::string& recorded = table_.job_id(row);
  return row.seen && !recorded.empty() && reply.job_id != recorded;
}

// The other fields of a response with a wrong job id may be true, and a completion must be seen.
Observation Tracker::take(Slot slot, const TaskReply& reply, Now now) {
  if (!moves_job(table_.row(slot), reply)) return take_in_its_job(slot, reply, now);
  TaskReply placed = reply;
  placed.job_id = table_.job_id(table_.row(slot));
  Observation out = take_in_its_job(slot, placed, now);
  if (!reply.job_id.empty()) out.anomalies.push_back(Anomaly::kJobChanged);
  return out;
}

Observation Tracker::take_in_its_job(Slot slot, const TaskReply& reply, Now now) {
  TaskRow& row = table_.row(slot);
  Observation out;
  if (row.rejected) row.rejected->not_found = 0;
  if (!row.seen) {
    first_observation(slot, reply, now, out);
  } else {
    const bool older = reply.modified < row.modified;
    const bool earlier = reply.modified == row.modified && reply.status != row.status &&
                         rank(reply.status) <= rank(row.status) &&
                         row.status != TaskStatus::kUnknown;
    if (!older && !earlier) {
      update(slot, reply, now, false, out);
    } else if (refuse(row, reply, now, out)) {
      update(slot, reply, now, true, out);
    }
  }
  if (out.accepted) row.rejected.reset();
  return out;
}

// Returns true once enough consecutive responses over long enough agree on the rejected state.
bool Tracker::refuse(TaskRow& row, const TaskReply& reply, Now now, Observation& out) {
  if (!row.rejected) row.rejected = std::make_unique<RejectedResponses>();
  RejectedResponses& rejected = *row.rejected;
  if (rejected.count == 0 || rejected.status != reply.status) {
    rejected.status = reply.status;
    rejected.count = 0;
    rejected.since = now.mono;
  }
  ++rejected.count;
  if (rejected.count >= kAgreeing && now.mono - rejected.since >= kAgreeingSpan) return true;
  out.anomalies.push_back(Anomaly::kStaleReply);
  return false;
}

void Tracker::first_observation(Slot slot, const TaskReply& reply, Now now, Observation& out) {
  TaskRow& row = table_.row(slot);
  TaskRecord record;
  record.key = {account_, reply.task_id};
  record.instance = row.context->instance;
  record.last = reply;
  record.first_seen = record.last_seen = now.wall;
  const bool changed = reply.modified >= row.since;

  out.accepted = out.moved = true;
  // A job's successful and unfinished tasks get no events: one job_baseline counts them.
  if (row.explicit_id || is_bad(reply.status)) {
    out.events.push_back(task_baseline(record, now.wall, changed, row.context->labels));
  }
  out.counters.push_back({{account_, reply.job_id, Counter::kFirstSeen, reply.status}});
  if (reply.status == TaskStatus::kUnknown) out.anomalies.push_back(Anomaly::kUnknownStatus);
  row.gone = false;
  table_.assign(slot, record);
  out.changes.push_back({.record = std::move(record),
                         .first_observation = true,
                         .explicit_id = row.explicit_id,
                         .changed_while_watched = changed});
  supersede(slot, now, out);
}

TaskChange Tracker::change_of(Slot slot) const {
  return {.record = table_.record(account_, slot), .explicit_id = table_.row(slot).explicit_id};
}

void Tracker::update(Slot slot, const TaskReply& reply, Now now, bool regressed, Observation& out) {
  TaskRow& row = table_.row(slot);
  TaskRecord record = table_.record(account_, slot);
  const TaskReply before = record.last;
  // A failed task that was queued again and failed again shows only in its queue time.
  const bool queued_anew = is_bad(before.status) && reply.queued > before.queued;
  const bool moved = reply.status != before.status || queued_anew;
  const bool was_gone = record.gone;
  const bool is_same = same(row, before, reply);
  const bool placed_anew = before.job_id != reply.job_id ||
                           before.product_key != reply.product_key ||
                           before.device_name != reply.device_name || before.queued != reply.queued;

  out.accepted = true;
  out.moved = moved;
  TransitionFacts facts{.from = before.status,
                        .observed_at = now.wall,
                        .not_before = record.last_seen,
                        .regression = regressed || goes_back(before.status, reply.status)};
  record.last = reply;
  record.last_seen = now.wall;
  record.gone = false;
  if (reply.listed && !moved && reply.modified == before.modified) {
    record.last.message = before.message;  // the row does not contain them
    record.last.status_detail = before.status_detail;
  }
  if (!moved) {
    table_.assign(slot, record);
    if (!is_same || was_gone) out.changes.push_back(change_of(slot));
    if (placed_anew) supersede(slot, now, out);
    return;
  }

  if (queued_anew || is_rerun(before.status, reply.status)) ++record.attempt;
  if (facts.regression) out.anomalies.push_back(Anomaly::kRegression);
  if (reply.status == TaskStatus::kUnknown) out.anomalies.push_back(Anomaly::kUnknownStatus);

  TaskChange change{
      .explicit_id = row.explicit_id, .changed_while_watched = true, .from = before.status};
  if (before.status == TaskStatus::kQueued && reply.status == TaskStatus::kSent) {
    change.queue_wait = reply.modified - reply.queued;
  }
  if (is_finished(reply.status)) {
    if (record.started) change.execution = reply.modified - *record.started;
    record.started.reset();
  } else if (reply.status == TaskStatus::kInProgress) {
    record.started = reply.modified;
  } else {
    record.started.reset();
  }
  table_.assign(slot, record);
  out.events.push_back(task_transition(record, facts, row.context->labels));
  out.counters.push_back({{account_, reply.job_id, Counter::kTransitions, reply.status}});
  change.record = std::move(record);
  out.changes.push_back(std::move(change));
  if (placed_anew) supersede(slot, now, out);
}

// A rerun may create a new task for the same job and device: the one queued later is valid.
void Tracker::supersede(Slot slot, Now now, Observation& out) {
  const auto holder = table_.of_device(slot);
  if (!holder) {
    table_.set_of_device(slot);
    return;
  }
  if (*holder == slot) return;
  TaskRow& self = table_.row(slot);
  TaskRow& other = table_.row(*holder);
  if (self.queued == other.queued) return;
  const bool self_is_newer = self.queued > other.queued;
  const Slot loser = self_is_newer ? *holder : slot;
  const Slot winner = self_is_newer ? slot : *holder;
  table_.set_of_device(winner);
  if (table_.row(winner).superseded) {  // a rerun revived it
    table_.row(winner).superseded = false;
    out.changes.push_back(change_of(winner));
  }
  if (table_.row(loser).superseded) return;
  table_.row(loser).superseded = true;
  out.changes.push_back(change_of(loser));
  out.events.push_back(task_superseded(out.changes.back().record, table_.record(account_, winner),
                                       now.wall, table_.row(loser).context->labels));
}

Observation Tracker::not_found(const std::string& task_id, Now now) {
  Observation out;
  const auto slot = table_.find(task_id);
  assert(slot);
  TaskRow& row = table_.row(*slot);
  if (row.gone) return out;
  if (!row.rejected) row.rejected = std::make_unique<RejectedResponses>();
  RejectedResponses& rejected = *row.rejected;
  if (rejected.not_found == 0) rejected.not_found_since = now.mono;
  ++rejected.not_found;
  if (rejected.not_found < kAgreeing || now.mono - rejected.not_found_since < kGoneSpan) return out;

  std::optional<TaskRecord> record;
  if (row.seen) {
    record = table_.record(account_, *slot);
    record->gone = true;
    table_.assign(*slot, *record);
    out.changes.push_back(change_of(*slot));
  } else {
    row.gone = true;
  }
  out.events.push_back(task_gone({account_, task_id}, row.context->instance,
                                 record ? &*record : nullptr, now.wall, row.context->labels));
  return out;
}

std::optional<TaskRecord> Tracker::record(const std::string& task_id) const {
  const auto slot = table_.find(task_id);
  if (!slot || !table_.row(*slot).seen) return std::nullopt;
  return table_.record(account_, *slot);
}

bool Tracker::is_gone(const std::string& task_id) const {
  const auto slot = table_.find(task_id);
  return slot && table_.row(*slot).gone;
}

const TaskRow* Tracker::row(const std::string& task_id) const {
  const auto slot = table_.find(task_id);
  return slot ? &table_.row(*slot) : nullptr;
}

}  // namespace taskwatchd
