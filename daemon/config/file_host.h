// Checks where a result file may be downloaded from. Its URL comes from a response, so it may name
// any host, including private ones that only this host can reach. The list of hosts and the check
// for public addresses decide. No I/O.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace taskwatchd {

// Checks an entry of `distribution_file_hosts`. Returns the problem and its fix, or nullopt. Valid:
// HOST or *.SUFFIX with at least two labels, each with :PORT if it is not 443; a loopback host
// (127.0.0.1, [::1], localhost) only if written literally. A final dot is ignored.
std::optional<std::string> file_host_problem(std::string_view pattern);

struct FileUrl {
  std::string scheme;  // https, also for an http URL; http for loopback only
  std::string host;    // lower case, without a final dot, an IPv6 address in brackets
  std::string port;
  bool is_loopback = false;  // allowed by the list: only a loopback address may be connected to
  bool is_upgraded = false;  // the URL was http: https_url is downloaded instead

  std::string where() const { return host + ':' + port; }
};
// Parses a URL and checks it against the list. On failure returns the reason, without path, query
// and user. Other spellings of an address (127.1, 0x7f.1, 2130706433) are rejected.
std::variant<FileUrl, std::string> read_file_url(std::string_view url,
                                                 const std::vector<std::string>& hosts);

// Returns the URL with https, the host as it was checked, and the original path and query: the
// signature of an object storage URL does not cover scheme and host. REQUIRES: `where` is
// read_file_url's result for `url`.
std::string https_url(std::string_view url, const FileUrl& where);

// True if the address is on the public Internet: not private, loopback, link-local (metadata
// service), shared (100.64.0.0/10), documentation, multicast or reserved. An address that embeds an
// IPv4 address is judged by the latter. Source: IANA special-purpose address registries.
bool is_public(std::uint32_t v4);  // in host byte order
bool is_public(const std::array<std::uint8_t, 16>& v6);
bool is_loopback(std::uint32_t v4);
bool is_loopback(const std::array<std::uint8_t, 16>& v6);

}  // namespace taskwatchd
