#include "config/file_host.h"

#include <algorithm>

#include "config/url.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxUrlBytes = 8192;

bool has_sound_port(const Authority& authority) {
  return authority.port.empty() || is_port(authority.port);
}

// The C library accepts 0x7f.1 and 2130706433 as addresses. A top-level domain begins with a
// letter.
bool ends_like_a_number(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return !last.empty() && last.front() >= '0' && last.front() <= '9';
}

bool is_dotted_address(std::string_view host) {
  int octets = 0;
  for (;;) {
    const std::string_view octet = host.substr(0, host.find('.'));
    const bool is_number = !octet.empty() && octet.size() <= 3 &&
                           octet.find_first_not_of("0123456789") == std::string_view::npos &&
                           (octet.size() == 1 || octet.front() != '0');
    if (!is_number || (octet.size() == 3 && octet > "255")) return false;
    ++octets;
    if (octet.size() == host.size()) return octets == 4;
    host.remove_prefix(octet.size() + 1);
  }
}

bool is_plain_host(std::string_view host) {
  if (!is_host(host)) return false;
  return host.front() == '[' || !ends_like_a_number(host) || is_dotted_address(host);
}

// An absolute name means the same without its final dot; an address has none.
std::string without_dot(const std::string& host) {
  std::string name = without_final_dot(host);
  return ends_like_a_number(name) ? host : name;
}

bool matches(const FileUrl& url, std::string_view pattern) {
  const auto wanted = parse_authority(pattern);
  if (!wanted) return false;
  const std::string host = without_dot(wanted->host);
  // A loopback host is for tests, whose servers get arbitrary ports.
  const bool any_port = url.is_loopback && wanted->port.empty();
  if (!any_port && url.port != (wanted->port.empty() ? "443" : wanted->port)) return false;
  if (url.is_loopback || !host.starts_with("*.")) return host == url.host;
  return url.host.size() > host.size() - 1 && url.host.ends_with(std::string_view(host).substr(1));
}

struct Network {
  std::uint32_t address;
  int bits;
};
constexpr Network kNotPublic[] = {
    {0x00000000, 8},   // this network
    {0x0a000000, 8},   // private
    {0x64400000, 10},  // shared; Alibaba Cloud's metadata service is at 100.100.100.200
    {0x7f000000, 8},   // loopback
    {0xa9fe0000, 16},  // link-local; metadata services of other cloud providers
    {0xac100000, 12},  // private
    {0xc0000000, 24},  // protocol assignments
    {0xc0000200, 24},  // documentation
    {0xc0586300, 24},  // 6to4 relays
    {0xc0a80000, 16},  // private
    {0xc6120000, 15},  // benchmarks
    {0xc6336400, 24},  // documentation
    {0xcb007100, 24},  // documentation
    {0xe0000000, 4},   // multicast
    {0xf0000000, 4},   // reserved, broadcast
};

std::uint32_t last_four(const std::array<std::uint8_t, 16>& v6) {
  return std::uint32_t{v6[12]} << 24 | std::uint32_t{v6[13]} << 16 | std::uint32_t{v6[14]} << 8 |
         v6[15];
}

template <std::size_t N>
bool begins_with(const std::array<std::uint8_t, 16>& v6, const std::array<std::uint8_t, N>& head) {
  return std::equal(head.begin(), head.end(), v6.begin());
}

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::array<std::uint8_t, 12> kNat64 = {0, 0x64, 0xff, 0x9b};  // 64:ff9b::/96

}  // namespace

std::optional<std::string> file_host_problem(std::string_view pattern) {
  constexpr const char* kFix = "; write HOST or *.SUFFIX, with :PORT if it is not 443";
  if (pattern.find("://") != std::string_view::npos) return std::string("has a scheme") + kFix;
  if (pattern.find('/') != std::string_view::npos) return std::string("has a slash") + kFix;
  if (pattern.find('_') != std::string_view::npos) {
    return std::string("has an underscore, which no host name of the Internet has") + kFix;
  }
  const auto parts = parse_authority(pattern);
  if (!parts || parts->has_user) return std::string("is not a valid host") + kFix;
  if (!has_sound_port(*parts)) return std::string("has no valid port") + kFix;
  const std::string name = without_dot(parts->host);
  std::string_view host = name;
  if (host.starts_with("*.")) {
    host.remove_prefix(2);
    // A pattern for all of .com would not restrict anything.
    if (host.find('.') == std::string_view::npos || host.starts_with('[') ||
        ends_like_a_number(host)) {
      return std::string("is too wide: the suffix needs at least two labels") + kFix;
    }
  }
  if (!is_plain_host(host)) return std::string("is not a valid host") + kFix;
  return std::nullopt;
}

std::variant<FileUrl, std::string> read_file_url(std::string_view text,
                                                 const std::vector<std::string>& hosts) {
  if (text.size() > kMaxUrlBytes) return "the link to the result file is longer than 8 KiB";
  const auto url = parse_url(text);
  if (!url || url->has_fragment || !has_sound_port(url->authority)) {
    return "the link to the result file is not an https URL";
  }
  if (url->authority.has_user) return "the link to the result file contains a user";
  const std::string host = without_dot(url->authority.host);
  if (!is_plain_host(host)) return "the link to the result file has no valid host";
  FileUrl result;
  result.scheme = url->scheme;
  result.host = host;
  result.port = url->authority.port;
  if (result.port.empty()) result.port = result.scheme == "https" ? "443" : "80";
  result.is_loopback = is_loopback_literal(result.host);
  if (result.scheme != "https" && !result.is_loopback) {
    if (result.port == "80") result.port = "443";
    result.scheme = "https";
    result.is_upgraded = true;
  }
  if (std::none_of(hosts.begin(), hosts.end(),
                   [&](const std::string& pattern) { return matches(result, pattern); })) {
    return result.where() +
           ": result files may not be fetched from there; if that is wrong, add the host to "
           "distribution_file_hosts";
  }
  return result;
}

std::string https_url(std::string_view text, const FileUrl& where) {
  const auto url = parse_url(text);
  return "https://" + where.host + (where.port == "443" ? "" : ":" + where.port) + url->path +
         url->query;
}

bool is_public(std::uint32_t v4) {
  return std::none_of(std::begin(kNotPublic), std::end(kNotPublic), [&](const Network& network) {
    return (v4 ^ network.address) >> (32 - network.bits) == 0;
  });
}

bool is_public(const std::array<std::uint8_t, 16>& v6) {
  if (begins_with(v6, kMapped) || begins_with(v6, kNat64)) return is_public(last_four(v6));
  if (v6[0] >> 5 != 1) return false;  // only 2000::/3 is allocated
  const bool is_protocol = v6[0] == 0x20 && v6[1] == 0x01 && v6[2] < 0x02;  // 2001::/23, Teredo
  const bool is_example = (v6[0] == 0x20 && v6[1] == 0x01 && v6[2] == 0x0d && v6[3] == 0xb8) ||
                          (v6[0] == 0x3f && v6[1] == 0xff && v6[2] < 0x10);
  const bool is_6to4 = v6[0] == 0x20 && v6[1] == 0x02;
  return !is_protocol && !is_example && !is_6to4;
}

bool is_loopback(std::uint32_t v4) {
  return v4 >> 24 == 127;
}

bool is_loopback(const std::array<std::uint8_t, 16>& v6) {
  std::array<std::uint8_t, 16> one{};
  one[15] = 1;
  return v6 == one;
}

}  // namespace taskwatchd
