// The simulated platform's HTTP(S) server, on loopback only: parses requests and carries out the
// delay and delivery of responses. Makes no decisions. One thread: the one that runs the
// io_context. A failure of a peer ends only its own connection; the acceptor always continues.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "simulator/model_request.h"

namespace iotsim {

struct ServerOptions {
  std::string address = "127.0.0.1";  // a loopback address
  std::uint16_t port = 0;             // 0: a free one
  std::string tls_cert;               // PEM files; both empty: plain HTTP
  std::string tls_key;
};

class Server {
 public:
  static constexpr std::size_t kMaxConnections = 2048;
  static constexpr std::uint64_t kMaxBody = 1U << 20U;     // bytes of a request's body
  static constexpr std::uint32_t kMaxHeader = 64U << 10U;  // bytes of a request's headers
  static constexpr int kIdleSeconds = 120;

  using Handler = std::function<Response(const Request&)>;

  // Listens immediately. Throws boost::system::system_error if it cannot, std::invalid_argument if
  // the address is not loopback.
  Server(boost::asio::io_context& loop, const ServerOptions& options, Handler handler);
  ~Server();

  std::uint16_t port() const;
  // Accepts no more connections. Open ones end with the io_context.
  void stop();

 private:
  class Listener;
  std::shared_ptr<Listener> listener_;
};

}  // namespace iotsim
