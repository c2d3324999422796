// QueryTask, as documented at help.aliyun.com/zh/iot/developer-reference/api-querytask.
#include "simulator/model_action.h"
#include "simulator/model_task_data.h"

namespace iotsim {
namespace {

// The response for a task that does not exist is not documented: this code is in no list.
Refusal not_found() {
  return {200, "iot.job.TaskNotFound", "The task does not exist.", true};
}

// Returns another task of the same account; nullptr if there is none.
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
  members.push_back({"Data", task_data(world, *task, *state, context.switches, TaskDetail::kFull)});
  return members;
}

}  // namespace iotsim
