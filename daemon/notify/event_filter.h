// Which stored events a sink is notified of. No I/O.
#pragma once

#include "config/notify.h"
#include "core/events/event.h"

namespace taskwatchd {

// True if all filters of the sink accept the event. An event without a job (of an account, of a
// distribution) is not subject to `jobs` and `labels`.
bool accepts(const SinkConfig& sink, const Event& event);

}  // namespace taskwatchd
