// Where a result file may be fetched from. Its URL comes in a reply, so it may name any host: ours
// or a neighbour's that only we can reach. The list of hosts and the addresses that are public say
// what is fetched. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace taskwatchd {

// What is wrong with one of `distribution_file_hosts`, and the mend; or nothing. HOST, *.SUFFIX of
// two labels at least, each with :PORT if it is not 443; a loopback host (127.0.0.1, [::1],
// localhost) is taken when it is written out. A dot that ends a name means nothing.
std::optional<std::string> file_host_problem(std::string_view pattern);

struct FileUrl {
  std::string scheme;  // https, also for a link of http; http for loopback only
  std::string host;    // lower case, without a final dot, an IPv6 address in brackets
  std::string port;
  bool is_loopback = false;  // the list names it: only a loopback address may be connected to
  bool is_upgraded = false;  // the link was http: https_url is fetched

  std::string where() const { return host + ':' + port; }
};
// Takes a URL apart and checks it against the list. Else: why it is not fetched, without its path,
// query and user. Other spellings of an address (127.1, 0x7f.1, 2130706433) are not taken.
std::variant<FileUrl, std::string> read_file_url(std::string_view url,
                                                 const std::vector<std::string>& hosts);

// The host as it was checked, and the same path and query by https: object storage signs links
// without their scheme and host.
// REQUIRES: `where` is what read_file_url made of it.
std::string https_url(std::string_view url, const FileUrl& where);

// Whether the address is of the public Internet: not private, loopback, link-local (the metadata
// service), shared (100.64.0.0/10), documentation, multicast or reserved; one that holds an IPv4
// address is as public as that. Source: IANA special-purpose address registries.
bool is_public(std::uint32_t v4);  // in the host's byte order
bool is_public(const std::array<std::uint8_t, 16>& v6);
bool is_loopback(std::uint32_t v4);
bool is_loopback(const std::array<std::uint8_t, 16>& v6);

}  // namespace taskwatchd
