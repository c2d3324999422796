// The two kinds of URL that an operator writes: an endpoint of the cloud and a proxy. Both are
// scheme://host[:port] and no more.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

// A name or dotted address without its port, or an address in brackets.
bool is_host(std::string_view host);
// 127.a.b.c, [::1] or localhost.
bool is_loopback_literal(std::string_view host);

// Each returns what is wrong and the mend, or nothing. Messages never repeat a user or password.
// https, or http to a loopback address written out: 127.a.b.c, [::1] or localhost. What only
// resolves to one, or is another spelling of one (127.1, 2130706433), is not taken.
std::optional<std::string> endpoint_problem(std::string_view url);
// http or https to any host.
std::optional<std::string> proxy_problem(std::string_view url);

}  // namespace taskwatchd
