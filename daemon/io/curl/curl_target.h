// Where a request goes, read from its URL by libcurl's own parser, so that what we check is what
// libcurl will do. Pure.
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

  std::string where() const;  // host:port, for people
};

// Nothing if the URL has another scheme than http or https, a user, or is none.
std::optional<CurlTarget> parse_target(const std::string& url);
// Likewise for a proxy, which may have a user; its default ports are libcurl's: 1080, https 443.
std::optional<CurlTarget> parse_proxy(const std::string& proxy);

}  // namespace taskwatchd
