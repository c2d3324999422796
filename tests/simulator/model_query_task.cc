// QueryTask, as help.aliyun.com/zh/iot/developer-reference/api-querytask documents it.
#include "simulator/model_action.h"
#include "simulator/model_text.h"
#include "simulator/model_time.h"

namespace iotsim {
namespace {

// What is returned for a task that does not exist is documented nowhere: a code that no list names.
Refusal not_found() {
  return {200, "iot.job.TaskNotFound", "The task does not exist.", true};
}

// Another task of the same account, if there is one.
const Task* another(ActionContext& context, const Task& task) {
  const std::size_t n = context.world.task_count();
  const std::size_t start = context.random.below(n);
  for (std::size_t i = 0; i < n; ++i) {
    const Task& other = context.world.task_at((start + i) % n);
    if (other.id != task.id &&
        context.world.instance_of(other).account == context.caller.account->name) {
      return &other;
    }
  }
  return nullptr;
}

void apply_switches(const Task& task, const Switches& switches, TaskState& state) {
  const double share = Random(hash_text(task.id)).unit();
  if (state.status == Status::kInProgress && share < switches.unknown_status) {
    state.word = switches.unknown_word;
  }
  if (switches.hostile != "off" && state.status != Status::kQueued) {
    state.message = hostile_text(switches.hostile);
    state.detail = to_json(object({{"msg", text_value(state.message)}}));
  }
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() <= 9 &&
         text.find_first_not_of("0123456789") == std::string::npos &&
         (text.size() == 1 || text[0] != '0');
}

Value data(World& world, const Task& task, const TaskState& state, const Switches& switches) {
  const JobSpec& job = world.job_of(task).spec;
  std::vector<Member> members;
  members.push_back({"Status", text_value(state.word)});
  if (state.has_progress) {
    const bool as_number = switches.progress == "number" && is_number(state.progress);
    members.push_back(
        {"Progress", as_number ? literal(state.progress) : text_value(state.progress)});
  }
  members.push_back({"TaskId", text_value(task.id)});
  if (!state.message.empty()) members.push_back({"Message", text_value(state.message)});
  members.push_back({"JobName", text_value(job.name)});
  members.push_back({"IotId", text_value(world.iot_id(task))});
  if (!state.detail.empty()) members.push_back({"StatusDetail", text_value(state.detail)});
  members.push_back({"UtcModified", text_value(utc_milliseconds(state.modified_ms))});
  members.push_back({"UtcQueueTime", text_value(utc_milliseconds(state.queued_ms))});
  members.push_back({"ProductKey", text_value(job.product_key)});
  members.push_back({"JobId", text_value(job.id)});
  members.push_back({"DeviceName", text_value(world.device_name(task))});
  return object(std::move(members));
}

}  // namespace

ActionAnswer query_task(ActionContext& context) {
  const std::string* const id = context.call.parameter("TaskId");
  if (id == nullptr || id->empty()) {
    return Refusal{400, "MissingTaskId", "TaskId is mandatory for this action.", false};
  }
  World& world = context.world;
  const Task* task = world.task(*id);
  if (task == nullptr || &world.instance_of(*task) != context.instance) return not_found();
  if (context.wrong_task) {
    const Task* const other = another(context, *task);
    if (other != nullptr) task = other;
  }
  auto state = world.status_at(*task, context.world_ms);
  if (!state) return not_found();
  apply_switches(*task, context.switches, *state);
  std::vector<Member> members;
  members.push_back({"Data", data(world, *task, *state, context.switches)});
  return members;
}

}  // namespace iotsim
