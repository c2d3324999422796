// The only place where URLs are parsed. Syntax: RFC 3986, by Boost.URL. URLs that are sent over the
// network are parsed again by libcurl (io/curl/curl_target). No I/O.
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

  // HOST[:PORT] for the Host header: without the scheme's default port.
  std::string host_header() const;
  std::string origin() const { return scheme + "://" + host_header(); }
  // True if a Host header names the same host and port; the scheme's default port is optional.
  bool is_at(std::string_view host) const;
};
// Returns nullopt if the text is not an http or https URL with a host.
std::optional<Url> parse_url(std::string_view text);

// A name or IPv4 address without a port, or an IPv6 address in brackets.
bool is_host(std::string_view host);
// From 1 to 65535, without leading zeros.
bool is_port(std::string_view port);
// 127.a.b.c, [::1] or localhost.
bool is_loopback_literal(std::string_view host);
// Removes the final dot of an absolute name, which is not used in TLS, the Host header and
// signatures.
std::string without_final_dot(std::string host);

// Check the two kinds of URL that an operator writes: an endpoint of the platform and a proxy. Both
// are scheme://host[:port], optionally with a slash. Each returns what is wrong and how to fix it,
// or nullopt. Messages never repeat a user or password. An endpoint is https, or http to a literal
// loopback address: 127.a.b.c, [::1] or localhost. A name that resolves to loopback, or another
// spelling of the address (127.1, 2130706433), is rejected.
std::optional<std::string> endpoint_problem(std::string_view url);
// A proxy is http or https to any host; its name may contain underscores.
std::optional<std::string> proxy_problem(std::string_view url);
// The URL under which people reach a replica: http or https, with a path or without, and nothing
// after it. Returns what is wrong, or nullopt. The message never repeats the URL.
std::optional<std::string> replica_url_problem(std::string_view url);
// The URL that a sink's notifications are sent to: https, or http to a literal loopback address,
// with a path and query or without. Returns what is wrong and how to fix it, or nullopt. The
// message never repeats a part of the URL, which may be a secret.
std::optional<std::string> sink_url_problem(std::string_view url);
// Returns the URL in normal form: lower case, without a final slash or dot. A URL that passes one
// of the two checks above keeps its port, even the scheme's default one.
std::string origin_of(std::string_view url);

}  // namespace taskwatchd
