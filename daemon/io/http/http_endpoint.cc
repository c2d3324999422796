#include "io/http/http_endpoint.h"

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <cstdio>
#include <ctime>

namespace taskwatchd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

}  // namespace

std::optional<tcp::endpoint> find_endpoint(const HostPort& where,
                                           const asio::any_io_executor& executor,
                                           error_code& failed) {
  const auto port = static_cast<unsigned short>(std::stoul(where.port));
  if (where.host.empty()) return tcp::endpoint(tcp::v6(), port);
  const auto literal = asio::ip::make_address(where.host, failed);
  if (!failed) return tcp::endpoint(literal, port);
  tcp::resolver resolver(executor);
  const auto found = resolver.resolve(where.host, where.port, failed);
  if (failed || found.empty()) return std::nullopt;
  const auto v4 = std::find_if(found.begin(), found.end(), [](const auto& entry) {
    return entry.endpoint().address().is_v4();
  });
  return (v4 == found.end() ? found.begin() : v4)->endpoint();
}

error_code open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code failed;
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed && endpoint.address().is_v6() && endpoint.address().is_unspecified()) {
    acceptor.set_option(asio::ip::v6_only(false), failed);
  }
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(tcp::acceptor::max_listen_connections, failed);
  return failed;
}

std::string to_text(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(endpoint.port());
}

std::string client_of(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const asio::ip::address_v6 v6 = address.to_v6();
  // A dual-stack socket reports an IPv4 client as a mapped address.
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return asio::ip::make_address_v6(bytes).to_string() + "/64";
}

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[40];
  return std::string(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc));
}

std::string chunk_of(std::string_view part) {
  char size[20];
  const int length = std::snprintf(size, sizeof size, "%zx\r\n", part.size());
  return std::string(size, static_cast<std::size_t>(length)).append(part).append("\r\n");
}

}  // namespace taskwatchd
