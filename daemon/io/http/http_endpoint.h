// Where the HTTP server listens, and the small texts of its headers. A part of http_server, without
// Beast.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "io/http/http_address.h"

namespace taskwatchd {

// The first address that the text stands for; IPv4 before IPv6 for a name. Looking a name up may
// block.
std::optional<boost::asio::ip::tcp::endpoint> find_endpoint(
    const HostPort& where, const boost::asio::any_io_executor& executor,
    boost::system::error_code& failed);
// Listens there, or says why not.
boost::system::error_code open(boost::asio::ip::tcp::acceptor& acceptor,
                               const boost::asio::ip::tcp::endpoint& endpoint);
std::string to_text(const boost::asio::ip::tcp::endpoint& endpoint);
// One client, for limits: an IPv4 address, or the /64 network of an IPv6 address, because one
// machine may use all addresses of it.
std::string client_of(const boost::asio::ip::address& address);

// Fit for a header: no line end and no NUL.
bool is_one_line(std::string_view text);
// Now as IMF-fixdate of RFC 9110 5.6.7, which servers with a clock must send.
std::string http_date();
// One chunk of RFC 9112 7.1; of nothing it is the last.
std::string chunk_of(std::string_view part);

}  // namespace taskwatchd
