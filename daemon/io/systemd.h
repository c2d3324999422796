// What systemd is told and tells (sd_notify(3), sd_watchdog_enabled(3)). Each call sends one
// datagram to $NOTIFY_SOCKET and does nothing without it; nothing here waits or fails.
#pragma once

#include <optional>
#include <string>

#include "core/time.h"

namespace taskwatchd::systemd {

// `status` is the line that `systemctl status` shows.
void ready(const std::string& status);
// With MONOTONIC_USEC, which systemd 253 and later require of a reload. READY must follow.
void reloading();
void stopping();
void status(const std::string& status);
// Systemd waits this much longer for READY or the end.
void extend_timeout(Duration by);

void watchdog_ping();
// How often to ping: half of what the unit allows. Nothing if it asks for no watchdog.
std::optional<Duration> watchdog_interval();

}  // namespace taskwatchd::systemd
