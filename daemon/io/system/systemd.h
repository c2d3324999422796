// Notifications to systemd through its notification socket. Without a socket (NOTIFY_SOCKET is not
// set, so not started by systemd) each call does nothing. Threads: any. Failures are not reported:
// a lost message costs one line in `systemctl status`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/types/time.h"

namespace taskwatchd::systemd {

// Sends one message in the format of sd_notify(3). Returns false if there is no socket, or on
// failure.
bool notify(const std::string& message);

// Reports that the start or reload is complete; `text` is the status line in `systemctl status`.
bool ready(const std::string& text);
// Reports that a reload begins; ready() must follow, whether the reload succeeds or fails.
bool reloading();
bool stopping();
bool status(const std::string& text);
// The keep-alive ping, expected once within each watchdog interval.
bool watchdog_ping();
// Extends the time for starting or stopping to `more` from now, instead of the unit's limit.
bool extend_timeout(Duration more);

// Returns the sockets that a socket unit passed to this process; the caller owns them. Call it
// once: it clears the environment variables that list them. Empty without a socket unit.
std::vector<int> passed_sockets();

// Returns how often to ping: half of systemd's watchdog timeout. nullopt if the watchdog is off.
std::optional<Duration> watchdog_interval();

}  // namespace taskwatchd::systemd
