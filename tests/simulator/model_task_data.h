// One task in responses: complete for QueryTask, without some members for ListTask.
#pragma once

#include "simulator/model_reply.h"
#include "simulator/model_switches.h"
#include "simulator/model_world.h"

namespace iotsim {

// Applies the switches to the state of a task.
void apply_switches(const Task& task, const Switches& switches, TaskState& state);

enum class TaskDetail { kFull, kListed };
Value task_data(const World& world, const Task& task, const TaskState& state,
                const Switches& switches, TaskDetail detail);

}  // namespace iotsim
