// Where to listen, as operators write it. A part of http_server, which alone includes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

struct HostPort {
  std::string host;  // without brackets; empty: all addresses
  std::string port;  // 0 to 65535
};

// HOST:PORT, [V6]:PORT or :PORT; nothing if it is none of these.
std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace taskwatchd
