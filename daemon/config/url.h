// URLs and what of them is taken: the one place where they are read. Syntax: RFC 3986, by
// Boost.URL. What goes over the network is read once more by libcurl's own parser
// (io/curl/curl_target). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

// HOST[:PORT], in lower case.
struct Authority {
  std::string host;  // an IPv6 address in brackets
  std::string port;  // as written; empty: not given
  bool has_user = false;
};
std::optional<Authority> parse_authority(std::string_view text);

struct Url {
  std::string scheme;  // http or https
  Authority authority;
  std::string path;   // as written, percent-encoded; empty or begins with a slash
  std::string query;  // as written, with its question mark; empty: none
  bool has_fragment = false;

  // HOST[:PORT] as the Host header: without the scheme's own port.
  std::string host_header() const;
  std::string origin() const { return scheme + "://" + host_header(); }
  // A Host header names the same host and port, with or without the scheme's own.
  bool is_at(std::string_view host) const;
};
// Nothing for what is no http or https URL with a host.
std::optional<Url> parse_url(std::string_view text);

// A name or dotted address without its port, or an address in brackets.
bool is_host(std::string_view host);
// From 1 to 65535, without leading zeros.
bool is_port(std::string_view port);
// 127.a.b.c, [::1] or localhost.
bool is_loopback_literal(std::string_view host);
// The dot that ends an absolute name is no part of it for TLS, the Host header and signatures.
std::string without_final_dot(std::string host);

// The two kinds of URL that an operator writes: an endpoint of the cloud and a proxy. Both are
// scheme://host[:port] and no more than a slash. Each returns what is wrong and the fix, or
// nothing. Messages never repeat a user or password.
// https, or http to a loopback address written out: 127.a.b.c, [::1] or localhost. What only
// resolves to one, or is another spelling of one (127.1, 2130706433), is not taken.
std::optional<std::string> endpoint_problem(std::string_view url);
// http or https to any host; its name may have underscores.
std::optional<std::string> proxy_problem(std::string_view url);
// The URL as it is used: in lower case, without a slash or dot at its end. What has no problem by
// one of the two above keeps its port, also the scheme's own.
std::string origin_of(std::string_view url);

}  // namespace taskwatchd
