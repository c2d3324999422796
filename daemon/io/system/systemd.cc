#include "io/system/systemd.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <chrono>

namespace taskwatchd::systemd {
namespace {

// A line end in a value would start another assignment.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\0'; }, ' ');
  return text;
}

// CLOCK_MONOTONIC, which systemd compares with its own.
std::string monotonic_microseconds() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(since_boot).count());
}

}  // namespace

bool notify(const std::string& message) {
  return sd_notify(0, message.c_str()) > 0;
}

bool ready(const std::string& text) {
  return notify("READY=1\nSTATUS=" + one_line(text));
}

// systemd 253 and later require the time stamp; 252 ignores it.
bool reloading() {
  return notify("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds());
}

bool stopping() {
  return notify("STOPPING=1");
}

bool status(const std::string& text) {
  return notify("STATUS=" + one_line(text));
}

bool watchdog_ping() {
  return notify("WATCHDOG=1");
}

bool extend_timeout(Duration more) {
  return notify("EXTEND_TIMEOUT_USEC=" + std::to_string(more.count()));
}

std::vector<int> passed_sockets() {
  std::vector<int> sockets;
  const int count = sd_listen_fds(1);
  for (int i = 0; i < count; ++i) sockets.push_back(SD_LISTEN_FDS_START + i);
  return sockets;
}

std::optional<Duration> watchdog_interval() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return Duration(static_cast<std::int64_t>(microseconds / 2));
}

}  // namespace taskwatchd::systemd
