#include "core/events/task_events.h"

#include <cmath>

#include "core/events/device_text.h"
#include "core/tracking/tracker.h"

namespace taskwatchd {
namespace {

void add_if(Event& event, std::string key, const std::string& text) {
  if (!text.empty()) event.add(std::move(key), text);
}

FieldValue number(double value) {
  if (std::nearbyint(value) == value && std::abs(value) < 1e15) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

Event begin(std::string name, Level level, Wall at, const TaskKey& key,
            const std::string& instance) {
  Event event;
  event.ts = at;
  event.level = level;
  event.name = std::move(name);
  event.add("account", key.account);
  event.add("iot_instance", instance);
  return event;
}

void add_identity(Event& event, const TaskRecord& record) {
  event.add("job_id", record.last.job_id);
  add_if(event, "job_name", name_text(record.last.job_name));
  event.add("task_id", record.key.task_id);
  add_if(event, "device_name", name_text(record.last.device_name));
  add_if(event, "product_key", name_text(record.last.product_key));
}

// Adds the device message and the details of the status.
void add_details(Event& event, const TaskReply& last) {
  if (last.progress) event.add("progress", number(*last.progress));
  add_if(event, "status_message", device_text(last.message));
  add_if(event, "status_detail", device_text(last.status_detail));
  if (last.status == TaskStatus::kUnknown) {
    event.add("status_text", device_text(last.status_text));
  }
}

void add_labels(Event& event, const StringMap& labels) {
  if (!labels.empty()) event.add("labels", labels);
}

std::string word(TaskStatus status) {
  return std::string(name(status));
}

}  // namespace

Event task_transition(const TaskRecord& record, const TransitionFacts& facts,
                      const StringMap& labels) {
  const TaskReply& last = record.last;
  Event event = begin("task_transition", is_bad(last.status) ? Level::kWarn : Level::kInfo,
                      facts.observed_at, record.key, record.instance);
  event.msg =
      "task " + record.key.task_id + " is " + word(last.status) + ", was " + word(facts.from);
  add_identity(event, record);
  event.add("from", word(facts.from));
  event.add("to", word(last.status));
  event.add("attempt", static_cast<std::int64_t>(record.attempt));
  event.add("modified_at", rfc3339(last.modified));
  event.add("observed_at", rfc3339(facts.observed_at));
  event.add("not_before", rfc3339(facts.not_before));
  StringList inferred;
  for (const TaskStatus step : inferred_steps(facts.from, last.status)) {
    inferred.push_back(word(step));
  }
  if (!inferred.empty()) event.add("inferred", std::move(inferred));
  add_details(event, last);
  if (facts.regression) event.add("anomaly", "regression");
  add_labels(event, labels);
  return event;
}

Event task_baseline(const TaskRecord& record, Wall observed_at, bool changed_while_watched,
                    const StringMap& labels) {
  const TaskReply& last = record.last;
  const bool warn = is_bad(last.status) && changed_while_watched;
  Event event = begin("task_baseline", warn ? Level::kWarn : Level::kInfo, observed_at, record.key,
                      record.instance);
  event.msg = "task " + record.key.task_id + " first observed, " + word(last.status);
  add_identity(event, record);
  event.add("status", word(last.status));
  event.add("attempt", static_cast<std::int64_t>(record.attempt));
  event.add("queued_at", rfc3339(last.queued));
  event.add("modified_at", rfc3339(last.modified));
  event.add("observed_at", rfc3339(observed_at));
  add_details(event, last);
  add_labels(event, labels);
  return event;
}

Event task_superseded(const TaskRecord& older, const TaskRecord& newer, Wall observed_at,
                      const StringMap& labels) {
  Event event = begin("task_superseded", Level::kInfo, observed_at, older.key, older.instance);
  event.msg = "task " + older.key.task_id + " is superseded by " + newer.key.task_id +
              ", queued later for the same job and device";
  add_identity(event, older);
  event.add("status", word(older.last.status));
  event.add("superseded_by", newer.key.task_id);
  event.add("observed_at", rfc3339(observed_at));
  add_labels(event, labels);
  return event;
}

Event task_overdue(const TaskRecord& record, Duration deadline, Wall observed_at,
                   const StringMap& labels) {
  Event event = begin("task_overdue", Level::kWarn, observed_at, record.key, record.instance);
  event.msg =
      "task " + record.key.task_id + " is past its deadline and still " + word(record.last.status);
  add_identity(event, record);
  event.add("status", word(record.last.status));
  event.add("queued_at", rfc3339(record.last.queued));
  event.add("deadline_seconds", number(seconds(deadline)));
  event.add("observed_at", rfc3339(observed_at));
  add_labels(event, labels);
  return event;
}

Event task_details(const TaskRecord& record, Wall observed_at, const StringMap& labels) {
  Event event = begin("task_details", Level::kInfo, observed_at, record.key, record.instance);
  event.msg = "task " + record.key.task_id + " is " + word(record.last.status) +
              ": device message received";
  add_identity(event, record);
  event.add("status", word(record.last.status));
  event.add("attempt", static_cast<std::int64_t>(record.attempt));
  event.add("observed_at", rfc3339(observed_at));
  add_details(event, record.last);
  add_labels(event, labels);
  return event;
}

Event task_gone(const TaskKey& key, const std::string& instance, const TaskRecord* record,
                Wall observed_at, const StringMap& labels) {
  Event event = begin("task_gone", Level::kWarn, observed_at, key, instance);
  event.msg = record != nullptr
                  ? "task " + key.task_id +
                        " is not known to the platform any more: its job may have been deleted"
                  : "task " + key.task_id +
                        " is not known to the platform: check the id, its region and instance";
  if (record != nullptr) {
    add_identity(event, *record);
    event.add("status", word(record->last.status));
  } else {
    event.add("task_id", key.task_id);
  }
  event.add("observed_at", rfc3339(observed_at));
  add_labels(event, labels);
  return event;
}

}  // namespace taskwatchd
