#include "config/url.h"

#include <algorithm>
#include <charconv>

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxHostBytes = 253;  // RFC 1035, as text

struct Parts {
  std::string_view scheme;
  std::string_view host;  // with its brackets
};

bool is_number_up_to(std::string_view text, int low, int high) {
  int value = -1;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size() && value >= low &&
         value <= high && (text.size() == 1 || text[0] != '0');
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::optional<std::string> take_apart(std::string_view url, Parts& parts) {
  const std::size_t colon = url.find("://");
  parts.scheme = colon == std::string_view::npos ? std::string_view() : url.substr(0, colon);
  if (parts.scheme != "http" && parts.scheme != "https") {
    return "must begin with https:// or http://";
  }
  const std::string_view rest = url.substr(colon + 3);
  if (rest.find('@') != std::string_view::npos) {
    return "must not contain a user or password; write SCHEME://HOST[:PORT]";
  }
  if (rest.find_first_of("/?#\\") != std::string_view::npos) {
    return "must end after the host or port: no path, no query; write SCHEME://HOST[:PORT]";
  }
  const std::size_t bracket = rest.starts_with('[') ? rest.find(']') : 0;
  const std::size_t port = bracket == std::string_view::npos ? bracket : rest.find(':', bracket);
  parts.host = rest.substr(0, port);
  if (!is_host(parts.host)) return "has no valid host; write SCHEME://HOST[:PORT]";
  if (port != std::string_view::npos && !is_number_up_to(rest.substr(port + 1), 1, 65535)) {
    return "has no valid port; it is a number from 1 to 65535";
  }
  return std::nullopt;
}

}  // namespace

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  if (host.front() == '[') {
    return host.size() > 3 && host.back() == ']' &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
               std::string_view::npos;
  }
  return is_alphanumeric(host.front()) && is_alphanumeric(host.back()) &&
         host.find("..") == std::string_view::npos &&
         std::all_of(host.begin(), host.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

bool is_loopback_literal(std::string_view host) {
  if (host == "localhost" || host == "[::1]") return true;
  if (!host.starts_with("127.")) return false;
  int octets = 0;
  while (true) {
    const std::size_t dot = host.find('.');
    if (!is_number_up_to(host.substr(0, dot), 0, 255)) return false;
    ++octets;
    if (dot == std::string_view::npos) return octets == 4;
    host.remove_prefix(dot + 1);
  }
}

std::optional<std::string> endpoint_problem(std::string_view url) {
  Parts parts;
  if (auto problem = take_apart(url, parts)) return problem;
  if (parts.scheme == "http" && !is_loopback_literal(parts.host)) {
    return "must be https; http is accepted for a loopback address only (127.0.0.1, [::1], "
           "localhost)";
  }
  return std::nullopt;
}

std::optional<std::string> proxy_problem(std::string_view url) {
  Parts parts;
  return take_apart(url, parts);
}

}  // namespace taskwatchd
