// One task as replies show it: in full for QueryTask, without what lists leave out for ListTask.
#pragma once

#include "simulator/model_reply.h"
#include "simulator/model_switches.h"
#include "simulator/model_world.h"

namespace iotsim {

// What switches make of a task's state.
void apply_switches(const Task& task, const Switches& switches, TaskState& state);

enum class TaskDetail { kFull, kListed };
Value task_data(const World& world, const Task& task, const TaskState& state,
                const Switches& switches, TaskDetail detail);

}  // namespace iotsim
