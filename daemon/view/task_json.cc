#include "view/task_json.h"

#include "core/events/event_text.h"
#include "core/events/json.h"
#include "view/json_fields.h"

namespace taskwatchd {
namespace {

std::string word(JobWatch watch) {
  switch (watch) {
    case JobWatch::kNone:
      return "none";
    case JobWatch::kWatched:
      return "watched";
    case JobWatch::kAssisting:
      return "assisting";
  }
  return {};
}

std::string record_json(const TaskRecord& record) {
  JsonObject json;
  add_record(json, record);
  return json.text();
}

std::string call_json(const PlannedCall& call) {
  JsonObject json;
  json.add("api", std::string(name(call.api))).add("rule", std::string(name(call.rule)));
  return json.add_if("not_before", call.not_before).add("why", call.why).text();
}

}  // namespace

std::string task_json(const Explanation& task, const TaskHistory& history, Wall now) {
  JsonObject json;
  json.add("account", task.key.account);
  json.add("iot_instance", task.instance);
  json.add("task_id", task.key.task_id);
  json.add("state", word(task.state));
  json.add("explicit", task.explicit_id);
  json.add("job", word(task.job));
  json.add("watched_since", rfc3339(task.since));
  json.add("now", rfc3339(now));
  json.add_json("last", task.record ? record_json(*task.record) : "null");
  std::vector<std::string> events;
  for (const Event& event : history.events) events.push_back(to_json(event));
  json.add_json("history", json_list(events)).add("history_cut", history.cut);
  std::vector<std::string> calls;
  for (const PlannedCall& call : task.next) calls.push_back(call_json(call));
  return json.add_json("next", json_list(calls)).text();
}

}  // namespace taskwatchd
