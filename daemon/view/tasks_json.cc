#include "view/tasks_json.h"

#include "core/events/event_text.h"
#include "view/json_fields.h"

namespace taskwatchd {

std::string tasks_json(const TaskListing& listing, const std::string& cursor) {
  std::vector<std::string> tasks;
  for (const ListedTask& task : listing.tasks) {
    JsonObject json;
    json.add("account", task.record.key.account);
    json.add("iot_instance", task.record.instance);
    json.add("task_id", task.record.key.task_id);
    json.add("state", word(task.state));
    json.add("explicit", task.explicit_id);
    if (task.seen) add_record(json, task.record);
    tasks.push_back(json.text());
  }
  JsonObject json;
  json.add("total", counted(listing.total));
  json.add_if("next_cursor", cursor);
  return json.add_json("tasks", json_list(tasks)).text();
}

}  // namespace taskwatchd
