// What the service manager hears of us, over its notification socket. Without one (NOTIFY_SOCKET is
// not set, so not started by systemd) each call does nothing.
// Threads: any. Failure: none is told; a lost message costs a line in `systemctl status`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/types/time.h"

namespace taskwatchd::systemd {

// Sends one message as sd_notify(3) wants it. False if there is nobody to hear it, or it failed.
bool notify(const std::string& message);

// Started, or reloaded, for all to see; `text` is the line in `systemctl status`.
bool ready(const std::string& text);
// A reload begins; ready() must follow, whether it goes well or not.
bool reloading();
bool stopping();
bool status(const std::string& text);
// Alive: expected within each watchdog interval.
bool watchdog_ping();
// Starting or stopping takes `more` from now, rather than what the unit allows.
bool extend_timeout(Duration more);

// The sockets that a socket unit passed to this process; whoever calls owns them. Once: the
// environment that names them is emptied. Nothing without a socket unit.
std::vector<int> passed_sockets();

// How often to ping: half of what the manager allows us. Nothing when it does not watch us.
std::optional<Duration> watchdog_interval();

}  // namespace taskwatchd::systemd
