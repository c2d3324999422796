#include "view/tasks_json.h"

#include "core/events/event_text.h"
#include "view/json_fields.h"

namespace taskwatchd {

std::string listed_task_json(const ListedTask& task) {
  JsonObject json;
  json.add("account", task.record.key.account);
  json.add("iot_instance", task.record.instance);
  json.add("task_id", task.record.key.task_id);
  json.add("state", word(task.state));
  json.add("explicit", task.explicit_id);
  if (task.seen) add_record(json, task.record);
  return json.text();
}

std::string tasks_json(const std::vector<std::string>& items, std::size_t total,
                       const std::string& cursor) {
  JsonObject json;
  json.add("total", counted(total));
  json.add_if("next_cursor", cursor);
  return json.add_json("tasks", json_list(items)).text();
}

}  // namespace taskwatchd
