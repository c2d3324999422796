// What the JSON answers share: fields put together one by one, and lists of ready JSON texts.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.h"
#include "core/types/status.h"
#include "core/types/task.h"

namespace taskwatchd {

void add(std::vector<Field>& fields, std::string key, FieldValue value);
// What is not known is left out.
void add_if(std::vector<Field>& fields, std::string key, const std::string& text);
void add_if(std::vector<Field>& fields, std::string key, const std::optional<Wall>& at);

// 62 rather than 62.0.
FieldValue number(double value);
FieldValue counted(std::size_t value);
std::string word(WatchState state);

// What is held of a task: docs/reference/http-api.md, `last`.
void add_record(std::vector<Field>& fields, const TaskRecord& record);

// [a,b] of JSON texts.
std::string json_list(const std::vector<std::string>& items);
// The object with one more member, whose value is JSON.
std::string with_member(std::string object, std::string_view name, std::string_view value);

}  // namespace taskwatchd
