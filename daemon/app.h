// The daemon as `taskwatchd run` starts it: builds every part once, in the order seen in app.cc,
// runs one loop on the calling thread until a signal ends it, and takes over changed
// configurations. Returns the process's exit code; errors that end it are on stderr by then.
#pragma once

#include <string>
#include <vector>

#include "core/event.h"

namespace taskwatchd {

enum class LogFormatChoice { kAuto, kLogfmt, kJson, kJournald };

struct RunOptions {
  std::string config_file = "/etc/taskwatchd/taskwatchd.yaml";
  std::vector<std::string> listen_addresses = {"127.0.0.1:10120"};
  std::string telemetry_path = "/metrics";
  std::string external_url;                // empty: none
  std::string route_prefix;                // empty: the path of external_url
  std::vector<std::string> allowed_hosts;  // beside IP literals, localhost and the machine's names
  std::size_t max_requests = 40;           // of pages, and of the API, at one time; 0: no limit
  std::string web_config_file;             // TLS and logins; empty: none
  bool systemd_socket = false;             // instead of listen_addresses
  bool enable_lifecycle = false;           // POST /-/reload
  Level log_level = Level::kInfo;
  LogFormatChoice log_format = LogFormatChoice::kAuto;
};

// After sysexits.h where it has a fitting one.
enum ExitCode : int {
  kExitOk = 0,
  kExitOther = 1,
  kExitSomeBad = 2,       // wait: some tasks did not succeed
  kExitUnavailable = 69,  // a needed service cannot be had
  kExitState = 74,        // the state is corrupt, full or read-only
  kExitLocked = 75,       // another daemon holds the state
  kExitConfig = 78,       // bad flag or configuration, unreadable key, state of a newer version
  kExitTimeout = 124,     // wait: not finished in time
};

int run(const RunOptions& options);

}  // namespace taskwatchd
