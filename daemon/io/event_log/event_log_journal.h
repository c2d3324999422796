// Converts an event to a journal entry with native fields: `journalctl TASK_ID=... EVENT=...` finds
// it, and no text can be mistaken for another field. No I/O except in the writer.
#pragma once

#include <string>
#include <vector>

#include "core/events/event.h"

namespace taskwatchd::event_log {

// Returns one "NAME=value" per field: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, EVENT, MESSAGE_ID (if
// the event has one), EVENT_ID (if stored), EVENT_TIME, then the event's fields with upper-case
// names. A list is joined by commas; a map becomes NAME_KEY fields. A field whose name is one of
// those above gets the prefix TASKWATCHD_.
std::vector<std::string> journal_fields(const Event& event);

}  // namespace taskwatchd::event_log
