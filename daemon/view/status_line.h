// The status line of `systemctl status`: what the daemon is doing. No I/O.
#pragma once

#include <string>

#include "core/types/status.h"
#include "core/types/time.h"

namespace taskwatchd {

// "polling 3 accounts, 1204 tasks, oldest 41 s", followed by problems: "1 account down: prod", "2
// tasks gone", "state cannot be written", "last reload failed". Printable, no newline.
std::string render_status_line(const DaemonStatus& status, Wall now);

}  // namespace taskwatchd
