#include "view/tasks_json.h"

#include "core/events/event_text.h"
#include "view/json_fields.h"

namespace taskwatchd {

std::string tasks_json(const TaskListing& listing, const std::string& cursor) {
  std::vector<std::string> tasks;
  for (const ListedTask& task : listing.tasks) {
    std::vector<Field> fields;
    add(fields, "account", task.record.key.account);
    add(fields, "iot_instance", task.record.instance);
    add(fields, "task_id", task.record.key.task_id);
    add(fields, "state", word(task.state));
    add(fields, "explicit", task.explicit_id);
    if (task.seen) add_record(fields, task.record);
    tasks.push_back(to_json_object(fields));
  }
  std::vector<Field> fields;
  add(fields, "total", counted(listing.total));
  add_if(fields, "next_cursor", cursor);
  return with_member(to_json_object(fields), "tasks", json_list(tasks));
}

}  // namespace taskwatchd
