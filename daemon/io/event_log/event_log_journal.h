// An event as a journal entry: native fields, so that `journalctl TASK_ID=... EVENT=...` finds it
// and no text can pose as another field. Pure but for the writer itself.
#pragma once

#include <string>
#include <vector>

#include "core/events/event.h"

namespace taskwatchd::event_log {

// "NAME=value" each: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, EVENT, MESSAGE_ID (if the event has
// one), EVENT_ID (if stored), EVENT_TIME, then the event's fields with upper-case names; a list
// joined by commas, a map as NAME_KEY. A field whose name is taken above gets TASKWATCHD_ before
// it.
std::vector<std::string> journal_fields(const Event& event);

}  // namespace taskwatchd::event_log
