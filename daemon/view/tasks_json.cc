#include "view/tasks_json.h"

#include <vector>

#include "core/events/event_text.h"
#include "view/json_fields.h"

namespace taskwatchd {
namespace {

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

}  // namespace

std::string tasks_json(const TaskListing& listing, const std::string& cursor) {
  std::vector<std::string> items;
  for (const ListedTask& task : listing.tasks) items.push_back(listed_task_json(task));
  JsonObject json;
  json.add("total", counted(listing.total));
  json.add_if("next_cursor", cursor);
  return json.add_json("tasks", json_list(items)).text();
}

}  // namespace taskwatchd
