#include "view/task_json.h"

#include "core/events/event_text.h"
#include "view/json_fields.h"

namespace taskwatchd {
namespace {

std::string word(JobWatch watch) {
  switch (watch) {
    case JobWatch::kNone:
      return "none";
    case JobWatch::kWatched:
      return "watched";
    case JobWatch::kHelping:
      return "assisting";
  }
  return {};
}

std::vector<Field> fields_of(const TaskRecord& record) {
  std::vector<Field> fields;
  add_record(fields, record);
  return fields;
}

std::vector<Field> fields_of(const PlannedCall& call) {
  std::vector<Field> fields;
  add(fields, "api", std::string(name(call.api)));
  add(fields, "rule", std::string(name(call.rule)));
  add_if(fields, "not_before", call.not_before);
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
