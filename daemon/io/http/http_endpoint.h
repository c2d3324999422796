// Listen sockets of the HTTP server and small texts for its headers. Part of http_server, without
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

// Returns the first address that the text resolves to; for a name, IPv4 before IPv6. Name
// resolution may block.
std::optional<boost::asio::ip::tcp::endpoint> find_endpoint(
    const HostPort& where, const boost::asio::any_io_executor& executor,
    boost::system::error_code& failed);
// Opens the acceptor on that endpoint, or returns the error.
boost::system::error_code open(boost::asio::ip::tcp::acceptor& acceptor,
                               const boost::asio::ip::tcp::endpoint& endpoint);
std::string to_text(const boost::asio::ip::tcp::endpoint& endpoint);
// Returns the text that identifies one client for limits: an IPv4 address, or the /64 network of an
// IPv6 address, because one host may use all addresses of its network.
std::string client_of(const boost::asio::ip::address& address);

// Returns true if the text is safe in a header: no line end and no NUL.
bool is_one_line(std::string_view text);
// Returns the current time as IMF-fixdate of RFC 9110 5.6.7, which servers with a clock must send.
std::string http_date();
// Returns one chunk of RFC 9112 7.1; an empty part gives the last chunk.
std::string chunk_of(std::string_view part);

}  // namespace taskwatchd
