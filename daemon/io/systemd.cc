#include "io/systemd.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <algorithm>

namespace taskwatchd::systemd {
namespace {

// One line a variable: a line end in a text would begin another.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

void notify(const std::string& state) { sd_notify(0, state.c_str()); }

}  // namespace

void ready(const std::string& status) { notify("READY=1\nSTATUS=" + one_line(status)); }

void reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto usec = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
  notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec));
}

void stopping() { notify("STOPPING=1"); }

void status(const std::string& status) { notify("STATUS=" + one_line(status)); }

void extend_timeout(Duration by) {
  notify("EXTEND_TIMEOUT_USEC=" + std::to_string(by.count()));
}

void watchdog_ping() { notify("WATCHDOG=1"); }

std::optional<Duration> watchdog_interval() {
  std::uint64_t usec = 0;
  if (sd_watchdog_enabled(0, &usec) <= 0) return std::nullopt;
  return Duration(static_cast<std::int64_t>(usec / 2));
}

}  // namespace taskwatchd::systemd
