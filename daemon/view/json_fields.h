// Shared parts of the JSON responses. No I/O.
#pragma once

#include <string>

#include "core/events/json.h"
#include "core/types/status.h"
#include "core/types/task.h"

namespace taskwatchd {

FieldValue counted(std::size_t value);
std::string word(WatchState state);

// The last known state of a task: docs/reference/http-api.md, `last`.
void add_record(JsonObject& json, const TaskRecord& record);

}  // namespace taskwatchd
