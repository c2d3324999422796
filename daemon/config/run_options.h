// The flags of `taskwatchd run` as values, with their defaults.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/events/event.h"

namespace taskwatchd {

enum class LogFormatChoice { kAuto, kLogfmt, kJson, kJournald };

struct RunOptions {
  std::string config_file = "/etc/taskwatchd/taskwatchd.yaml";
  std::vector<std::string> listen_addresses = {"127.0.0.1:10120"};
  std::string telemetry_path = "/metrics";
  std::string external_url;  // empty: none
  std::string route_prefix;  // empty: the path of external_url
  // in addition to IP literals, localhost and the host's own names
  std::vector<std::string> allowed_hosts;
  // concurrent requests, counted separately for pages and the API; 0: no limit
  std::size_t max_requests = 40;
  std::string web_config_file;    // TLS and users; empty: none
  bool systemd_socket = false;    // instead of listen_addresses
  bool enable_lifecycle = false;  // POST /-/reload
  Level log_level = Level::kInfo;
  LogFormatChoice log_format = LogFormatChoice::kAuto;
};

}  // namespace taskwatchd
