#include "simulator/model_task_data.h"

#include "simulator/model_text.h"
#include "simulator/model_time.h"

namespace iotsim {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && text.size() <= 9 &&
         text.find_first_not_of("0123456789") == std::string::npos &&
         (text.size() == 1 || text[0] != '0');
}

}  // namespace

void apply_switches(const Task& task, const Switches& switches, TaskState& state) {
  if (state.status == Status::kInProgress &&
      Random(hash_text(task.id)).unit() < switches.unknown_status) {
    state.word = switches.unknown_word;
  }
  if (switches.hostile != "off" && state.status != Status::kQueued) {
    state.message = hostile_text(switches.hostile);
    state.detail = to_json(object({{"msg", text_value(state.message)}}));
  }
}

Value task_data(const World& world, const Task& task, const TaskState& state,
                const Switches& switches, TaskDetail detail) {
  const bool full = detail == TaskDetail::kFull;
  const JobSpec& job = world.job_of(task).spec;
  std::vector<Member> members;
  members.reserve(12);
  members.push_back({"Status", text_value(state.word)});
  if (state.has_progress) {
    const bool as_number = switches.progress == "number" && is_number(state.progress);
    members.push_back(
        {"Progress", as_number ? literal(state.progress) : text_value(state.progress)});
  }
  members.push_back({"TaskId", text_value(task.id)});
  if (full && !state.message.empty()) members.push_back({"Message", text_value(state.message)});
  members.push_back({"JobName", text_value(job.name)});
  members.push_back({"IotId", text_value(world.iot_id(task))});
  if (full && !state.detail.empty()) members.push_back({"StatusDetail", text_value(state.detail)});
  members.push_back({"UtcModified", text_value(utc_milliseconds(state.modified_ms))});
  members.push_back({"UtcQueueTime", text_value(utc_milliseconds(state.queued_ms))});
  members.push_back({"ProductKey", text_value(job.product_key)});
  members.push_back({"JobId", text_value(job.id)});
  members.push_back({"DeviceName", text_value(world.device_name(task))});
  return object(std::move(members));
}

}  // namespace iotsim
