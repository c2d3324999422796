#include "config/url.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <variant>

#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

namespace urls = boost::urls;

constexpr std::size_t kMaxHostBytes = 253;  // RFC 1035, as text
constexpr std::size_t kMaxReplicaUrlBytes = 1024;
constexpr std::size_t kMaxSinkUrlBytes = 2048;
constexpr char kForm[] = "; write SCHEME://HOST[:PORT]";

bool is_number_up_to(std::string_view text, int low, int high) {
  int value = -1;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size() && value >= low &&
         value <= high && (text.size() == 1 || text[0] != '0');
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Boost.URL 1.81 parses 10.0.0.1.example.com as an address with trailing text. A host that begins
// with a letter is a name: with this prefix before its digits it is parsed completely.
constexpr char kMark = 'x';
bool begins_with_digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}
std::string marked(std::string_view text, std::size_t host) {
  std::string copy(text);
  if (begins_with_digit(text.substr(std::min(host, text.size())))) copy.insert(host, 1, kMark);
  return copy;
}

Authority read(const urls::authority_view& from, bool is_marked) {
  Authority authority;
  authority.host = ascii_lower(std::string(from.encoded_host()));
  if (is_marked) authority.host.erase(0, 1);
  authority.port = std::string(from.port());
  authority.has_user = from.has_userinfo();
  return authority;
}

// A colon without a port is valid by RFC 3986, but most likely a typing error.
bool has_empty_port(const urls::authority_view& from) {
  return from.has_port() && from.port().empty();
}

// Returns the URL if it has only a scheme, a host and possibly a port; otherwise what is wrong.
std::variant<Url, std::string> read_origin(std::string_view text) {
  const std::string start = ascii_lower(text.substr(0, text.find(':')));
  if (start != "http" && start != "https") return "must begin with https:// or http://";
  const std::optional<Url> url = parse_url(text);
  if (!url) return std::string("has no valid host or port") + kForm;
  if (url->authority.has_user) {
    return std::string("must not contain a user or password") + kForm;
  }
  if ((url->path != "" && url->path != "/") || !url->query.empty() || url->has_fragment) {
    return std::string("must end after the host or port: no path, no query") + kForm;
  }
  if (!url->authority.port.empty() && !is_port(url->authority.port)) {
    return "has no valid port; it is a number from 1 to 65535";
  }
  return *url;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  const std::string whole = marked(text, 0);
  const auto parsed = urls::parse_authority(whole);
  if (!parsed || parsed->encoded_host().empty() || has_empty_port(*parsed)) return std::nullopt;
  return read(*parsed, whole.size() > text.size() && !parsed->has_userinfo());
}

std::optional<Url> parse_url(std::string_view text) {
  const std::size_t host = text.find("://");
  if (host == std::string_view::npos) return std::nullopt;
  const std::string whole = marked(text, host + 3);
  const auto parsed = urls::parse_uri(whole);
  if (!parsed || !parsed->has_authority() || parsed->encoded_host().empty()) return std::nullopt;
  if (has_empty_port(parsed->authority())) return std::nullopt;
  Url url;
  url.scheme = ascii_lower(std::string(parsed->scheme()));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  const urls::authority_view authority = parsed->authority();
  url.authority = read(authority, whole.size() > text.size() && !authority.has_userinfo());
  url.path = std::string(parsed->encoded_path());
  if (!url.path.empty() && url.path.front() != '/') return std::nullopt;
  if (parsed->has_query()) url.query = '?' + std::string(parsed->encoded_query());
  url.has_fragment = parsed->has_fragment();
  return url;
}

std::string Url::host_header() const {
  const bool usual = authority.port.empty() || authority.port == (scheme == "https" ? "443" : "80");
  return usual ? authority.host : authority.host + ':' + authority.port;
}

bool Url::is_at(std::string_view host) const {
  const auto other = parse_url(scheme + "://" + std::string(host));
  return other && other->host_header() == host_header();
}

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

bool is_port(std::string_view port) {
  return is_number_up_to(port, 1, 65535);
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

std::string without_final_dot(std::string host) {
  if (host.ends_with('.') && !host.ends_with("..")) host.pop_back();
  return host;
}

std::optional<std::string> endpoint_problem(std::string_view url) {
  const auto read = read_origin(url);
  if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
  const Url& origin = std::get<Url>(read);
  const std::string host = without_final_dot(origin.authority.host);
  if (!is_host(host)) {
    return std::string(host.find('_') == std::string::npos
                           ? "has no valid host"
                           : "has an underscore in its host, which no host of the platform has") +
           kForm;
  }
  if (origin.scheme == "http" && !is_loopback_literal(host)) {
    return "must be https; http is accepted for a loopback address only (127.0.0.1, [::1], "
           "localhost)";
  }
  return std::nullopt;
}

std::optional<std::string> proxy_problem(std::string_view url) {
  const auto read = read_origin(url);
  if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
  // Docker Compose creates service names of this form.
  std::string host = without_final_dot(std::get<Url>(read).authority.host);
  std::replace(host.begin(), host.end(), '_', '-');
  if (!is_host(host)) return std::string("has no valid host") + kForm;
  return std::nullopt;
}

std::optional<std::string> replica_url_problem(std::string_view text) {
  const auto url = parse_url(text);
  if (!url || (!url->authority.port.empty() && !is_port(url->authority.port))) {
    return "must be http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH]";
  }
  if (url->authority.has_user) return "must not contain a user or password; remove them";
  if (!url->query.empty() || url->has_fragment) {
    return "must end after the path: no query, no fragment";
  }
  if (text.size() > kMaxReplicaUrlBytes) {
    return "is longer than " + std::to_string(kMaxReplicaUrlBytes) + " bytes; shorten it";
  }
  return std::nullopt;
}

std::optional<std::string> sink_url_problem(std::string_view text) {
  if (text.size() > kMaxSinkUrlBytes) {
    return "is longer than " + std::to_string(kMaxSinkUrlBytes) + " bytes; shorten it";
  }
  const auto url = parse_url(text);
  if (!url) return "must be https://HOST[:PORT]/PATH; copy it from the receiver";
  const Authority& authority = url->authority;
  if (authority.has_user) {
    return "must not contain a user or password; send them in the header Authorization, by "
           "`headers_file`";
  }
  if (!authority.port.empty() && !is_port(authority.port)) {
    return "has no valid port; it is a number from 1 to 65535";
  }
  // Docker Compose creates service names with underscores.
  std::string host = without_final_dot(authority.host);
  if (url->scheme == "http" && !is_loopback_literal(host)) {
    return "must be https; http is accepted for a loopback address only (127.0.0.1, [::1], "
           "localhost)";
  }
  std::replace(host.begin(), host.end(), '_', '-');
  if (!is_host(host)) return "has no valid host; write https://HOST[:PORT]/PATH";
  if (url->has_fragment) return "must not contain a #; remove it and what follows";
  return std::nullopt;
}

std::string origin_of(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return std::string(text);
  const std::string& port = url->authority.port;
  return url->scheme + "://" + without_final_dot(url->authority.host) +
         (port.empty() ? "" : ':' + port);
}

}  // namespace taskwatchd
