// Parses listen addresses. Part of http_server; only http_server includes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

struct HostPort {
  std::string host;  // without brackets; empty: all addresses
  std::string port;  // 0 to 65535
};

// Parses HOST:PORT, [V6]:PORT or :PORT; returns nullopt for any other text.
std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace taskwatchd
