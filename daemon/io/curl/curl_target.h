// The target of a request, parsed by libcurl's own URL parser, so that what we check is what
// libcurl will use. No I/O.
#pragma once

#include <optional>
#include <string>

namespace taskwatchd {

struct CurlTarget {
  std::string scheme;
  std::string host;  // lower case, without brackets
  std::string port;
  bool literal = false;   // host is an address
  bool loopback = false;  // 127.0.0.0/8, ::1 or localhost

  std::string where() const;  // host:port, for messages
};

// Returns nullopt if the URL is invalid, has a scheme other than http or https, or contains a user.
std::optional<CurlTarget> parse_target(const std::string& url);
// Parses a proxy URL, which may contain a user. Returns nullopt in the same cases otherwise.
// Default ports are libcurl's: 1080, https 443.
std::optional<CurlTarget> parse_proxy(const std::string& proxy);

}  // namespace taskwatchd
