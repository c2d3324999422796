// What must be true in every simulation, at any instant and after all faults have ended.
#include <algorithm>
#include <numeric>
#include <utility>

#include "core/events/event_text.h"
#include "simulation/sim_world.h"

namespace taskwatchd {
namespace {

std::int64_t ms(Wall t) {
  return t.time_since_epoch().count();
}

const FieldValue* find(const Event& event, std::string_view name) {
  for (const Field& field : event.fields) {
    if (field.name == name) return &field.value;
  }
  return nullptr;
}
std::string text(const Event& event, std::string_view name) {
  const FieldValue* value = find(event, name);
  return value == nullptr ? "" : std::get<std::string>(*value);
}

}  // namespace

double mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void SimWorld::note_delay(const TaskChange& change, Wall at) {
  const TaskRecord& record = change.record;
  const std::string& task = record.key.task_id;
  const std::string status(name(record.last.status));
  if (change.first_observation && !first_status_.emplace(task, status).second) {
    violate("seen first for a second time: " + task);
  }
  const bool news =
      change.first_observation ? change.changed_while_watched : change.from.has_value();
  if (!news || !is_finished(record.last.status)) return;
  const double delay = static_cast<double>(ms(at) - ms(record.last.modified)) / 1000;
  delays_.all.push_back(delay);
  if (is_bad(record.last.status)) delays_.bad.push_back(delay);
}

bool SimWorld::in_true_history(const std::string& task_id, TaskStatus status,
                               std::int64_t modified_ms, std::int64_t not_after_ms) {
  const iotsim::Task* task = world_.task(task_id);
  if (task == nullptr) return false;
  const auto& steps = world_.history(*task);
  for (std::size_t i = 0; i < steps.size() && steps[i].at_ms <= not_after_ms; ++i) {
    const iotsim::TaskState state = world_.state_after(*task, i);
    if (state.word == name(status) && (modified_ms < 0 || state.modified_ms == modified_ms)) {
      return true;
    }
  }
  return false;
}

// Checks invariants 2, 3, 7 and 8 for one stored event.
void SimWorld::check_event(const Event& event) {
  const std::string task = text(event, "task_id");
  const std::string where = event.name + " " + std::to_string(event.id) + " of " + task;
  const auto modified = parse_utc(text(event, "modified_at"));
  const auto observed = parse_utc(text(event, "observed_at"));
  if (event.name == "task_baseline") {
    if (last_status_.contains(task)) violate("a second baseline: " + where);
    last_status_[task] = text(event, "status");
    return;
  }
  if (event.name.starts_with("job_")) check_job_event(event);
  if (event.name != "task_transition") return;
  const std::string from = text(event, "from");
  const std::string to = text(event, "to");
  moved_since_end_[text(event, "job_id")] = true;
  // The first observation of a job's task that has not failed gives no event.
  const auto first = first_status_.find(task);
  if (!last_status_.contains(task)) {
    last_status_[task] = first != first_status_.end() ? first->second : from;
  }
  if (last_status_[task] != from) {
    violate(where + ": from " + from + ", but the last event said " + last_status_[task]);
  }
  last_status_[task] = to;
  if (to == "UNKNOWN" || from == "UNKNOWN") return;  // from a switch; the model has no such status
  if (!in_true_history(task, parse_task_status(to), ms(*modified), ms(*observed))) {
    violate(where + ": " + to + " at " + text(event, "modified_at") + " never was");
  }
  if (!in_true_history(task, parse_task_status(from), -1, ms(*observed))) {
    violate(where + ": " + from + " never was");
  }
}

void SimWorld::check_job_event(const Event& event) {
  const std::string job = text(event, "job_id");
  if (event.name == "job_baseline" && !job_baselines_.insert(job).second) {
    violate("a second baseline of " + job);
  }
  if (event.name == "job_finished") {
    // A rerun may create tasks whose first observation is no event.
    const bool changed = std::exchange(moved_since_end_[job], false);
    if (!changed && !job_ends_.insert(job).second && world_.job(job)->reruns.empty()) {
      violate("a second end of " + job + " without a change");
    }
    job_ends_.insert(job);
  }
  if (event.name != "job_transition") return;
  const std::string from = text(event, "from");
  const auto last = job_status_.find(job);
  if (last != job_status_.end() && last->second != from) {
    violate(job + " left " + from + ", but the last event said " + last->second);
  }
  if (from == "COMPLETED" && world_.job(job)->reruns.empty()) {
    violate(job + " was COMPLETED and is " + text(event, "to") + " without a rerun");
  }
  job_status_[job] = text(event, "to");
}

// The events must lead to the stored status: none may be missing.
void SimWorld::check_chain(const TaskRecord& record) {
  const std::string& task = record.key.task_id;
  const std::string status(name(record.last.status));
  const auto last = last_status_.find(task);
  const auto first = first_status_.find(task);
  if (last == last_status_.end() && first == first_status_.end()) return;
  const std::string& reported = last != last_status_.end() ? last->second : first->second;
  if (reported != status)
    violate(task + " is stored as " + status + ", but reported as " + reported);
}

void SimWorld::check_known(std::chrono::minutes late) {
  for (const auto& [key, record] : store_.records()) {
    const iotsim::Task* const task = world_.task(key.task_id);
    const auto state = world_.status_at(*task, wall_ms());
    const auto since = std::chrono::milliseconds(wall_ms() - state->modified_ms);
    if (record.last.status == parse_task_status(state->word) || since < late) continue;
    violate(key.task_id + " is " + state->word + ", known as " +
            std::string(name(record.last.status)));
  }
}

void SimWorld::check() {
  if (!calls_are_accounted_for()) {
    violate("a call is under way that nobody made, or was resolved before it ended");
  }
  const auto& events = store_.events();
  for (auto at = events.upper_bound(checked_event_); at != events.end(); ++at) {
    if (at->first != checked_event_ + 1) violate("an event id was skipped or used twice");
    checked_event_ = at->first;
    check_event(at->second);
  }
}

void SimWorld::check_converged() {
  check();
  for (std::size_t i = 0; i < world_.task_count(); ++i) {
    const iotsim::Task& task = world_.task_at(i);
    const auto state = world_.status_at(task, wall_ms());
    const auto record = store_.records().find(TaskKey{"sim", task.id});
    if (record == store_.records().end()) {
      const bool watched =
          options_.watch != SimOptions::Watch::kTasks || i < config_.instances[0].tasks.size();
      if (watched) violate("never seen: " + task.id);
      continue;
    }
    check_chain(record->second);
    if (record->second.last.status != parse_task_status(state->word) &&
        wall_ms() - state->modified_ms > 5 * 60 * 1000) {
      violate(task.id + " is " + state->word + " for five minutes, known as " +
              std::string(name(record->second.last.status)));
    }
  }
  if (options_.watch != SimOptions::Watch::kTasks) {
    for (const iotsim::Job& job : world_.jobs()) {
      if (!job_baselines_.contains(job.spec.id)) violate("no baseline of " + job.spec.id);
    }
  }
  for (const auto& [id, event] : store_.events()) {
    if (!delivered_.contains(id)) violate("never delivered: " + std::to_string(id));
  }
}

}  // namespace taskwatchd
