#include "view/task_json.h"

#include <cmath>

#include "core/event_text.h"

namespace taskwatchd {
namespace {

void add(std::vector<Field>& fields, std::string key, FieldValue value) {
  fields.push_back({std::move(key), std::move(value)});
}
void add_if(std::vector<Field>& fields, std::string key, const std::string& text) {
  if (!text.empty()) add(fields, std::move(key), text);
}

FieldValue number(double value) {
  if (std::nearbyint(value) == value) return static_cast<std::int64_t>(value);
  return value;
}

std::string word(WatchState state) {
  switch (state) {
    case WatchState::kPending:
      return "pending";
    case WatchState::kWatched:
      return "watched";
    case WatchState::kGone:
      return "gone";
  }
  return {};
}

std::string word(JobWatch watch) {
  switch (watch) {
    case JobWatch::kNone:
      return "none";
    case JobWatch::kWatched:
      return "watched";
    case JobWatch::kHelping:
      return "helping";
  }
  return {};
}

std::vector<Field> fields_of(const TaskRecord& record) {
  const TaskReply& last = record.last;
  std::vector<Field> fields;
  add(fields, "status", std::string(name(last.status)));
  add_if(fields, "status_text", last.status_text);
  if (last.progress) add(fields, "progress", number(*last.progress));
  add_if(fields, "message", last.message);
  add_if(fields, "status_detail", last.status_detail);
  add(fields, "attempt", static_cast<std::int64_t>(record.attempt));
  add(fields, "job_id", last.job_id);
  add(fields, "job_name", last.job_name);
  add(fields, "product_key", last.product_key);
  add(fields, "device_name", last.device_name);
  add(fields, "queued_at", rfc3339(last.queued));
  if (record.started) add(fields, "started_at", rfc3339(*record.started));
  add(fields, "modified_at", rfc3339(last.modified));
  add(fields, "first_seen", rfc3339(record.first_seen));
  add(fields, "last_seen", rfc3339(record.last_seen));
  add(fields, "superseded", record.superseded);
  add(fields, "gone", record.gone);
  return fields;
}

std::vector<Field> fields_of(const PlannedCall& call) {
  std::vector<Field> fields;
  add(fields, "api", std::string(name(call.api)));
  add(fields, "rule", std::string(name(call.rule)));
  if (call.not_before) add(fields, "not_before", rfc3339(*call.not_before));
  add(fields, "why", call.why);
  return fields;
}

void append(std::string& list, const std::string& item) {
  if (!list.empty()) list += ',';
  list += item;
}

}  // namespace

std::string task_json(const Explanation& task, const TaskHistory& history, Wall now) {
  std::vector<Field> fields;
  add(fields, "account", task.key.account);
  add(fields, "iot_instance", task.instance);
  add(fields, "task_id", task.key.task_id);
  add(fields, "state", word(task.state));
  add(fields, "explicit", task.explicit_id);
  add(fields, "job", word(task.job));
  add(fields, "watched_since", rfc3339(task.since));
  add(fields, "now", rfc3339(now));
  std::string json = to_json_object(fields);
  json.pop_back();
  json += ",\"last\":" + (task.record ? to_json_object(fields_of(*task.record)) : "null");
  std::string events;
  for (const Event& event : history.events) append(events, to_json(event));
  json += ",\"history\":[" + events + "],\"history_cut\":" + (history.cut ? "true" : "false");
  std::string calls;
  for (const PlannedCall& call : task.next) append(calls, to_json_object(fields_of(call)));
  return json + ",\"next\":[" + calls + "]}";
}

}  // namespace taskwatchd
