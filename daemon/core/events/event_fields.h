// Reads the fields of an event. No I/O.
#pragma once

#include <string_view>

#include "core/events/event.h"

namespace taskwatchd {

// Returns the first field of that name, or null. Points into `event`.
const FieldValue* find_field(const Event& event, std::string_view name);
// The text of the first field of that name; empty if there is none or its value is not a text.
// Points into `event`.
std::string_view text_field(const Event& event, std::string_view name);

}  // namespace taskwatchd
