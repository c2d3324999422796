#include "simulator/server.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>

namespace iotsim {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using Failed = boost::system::error_code;

// Data shared by all connections.
struct Shared {
  Server::Handler handler;
  std::size_t connections = 0;
  // Empty: plain HTTP.
  std::optional<asio::ssl::context> tls;
};

std::string head_of(const Response& response, bool keep_alive) {
  const std::string_view reason =
      http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)));
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ' + std::string(reason);
  head += "\r\n";
  for (const auto& [name, value] : response.headers) head += name + ": " + value + "\r\n";
  if (response.delivery != Delivery::kCutBare && response.delivery != Delivery::kEndless) {
    head += "content-length: " + std::to_string(response.body.size()) + "\r\n";
  }
  if (!keep_alive) head += "connection: close\r\n";
  return head + "\r\n";
}

template <typename Stream>
class Session : public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <typename... Args>
  Session(std::shared_ptr<Shared> shared, Args&&... args)
      : shared_(std::move(shared)),
        stream_(std::forward<Args>(args)...),
        timer_(stream_.get_executor()) {
    ++shared_->connections;
  }
  ~Session() { --shared_->connections; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start() {
    if constexpr (std::is_same_v<Stream, beast::ssl_stream<beast::tcp_stream>>) {
      watch();
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](Failed failed) {
                                if (!failed) self->read();
                              });
    } else {
      read();
    }
  }

 private:
  auto& socket() { return beast::get_lowest_layer(stream_); }
  void watch() { socket().expires_after(std::chrono::seconds(Server::kIdleSeconds)); }

  void read() {
    parser_.emplace();
    parser_->body_limit(Server::kMaxBody);
    parser_->header_limit(Server::kMaxHeader);
    watch();
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](Failed failed, std::size_t) {
                       failed ? self->close() : self->answer();
                     });
  }

  void answer() {
    const auto& message = parser_->get();
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    for (const auto& field : message) {
      request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    request.body = message.body();
    Failed ignored;
    const auto client = socket().socket().remote_endpoint(ignored);
    request.remote = client.address().to_string() + ":" + std::to_string(client.port());
    keep_alive_ = message.keep_alive();
    const Response response = shared_->handler(request);
    prepare(response);
    if (response.delay_ms <= 0) return send();
    timer_.expires_after(std::chrono::milliseconds(response.delay_ms));
    timer_.async_wait([self = this->shared_from_this()](Failed failed) {
      if (!failed) self->send();
    });
  }

  void prepare(const Response& response) {
    const Delivery delivery = response.delivery;
    const bool is_cut = delivery == Delivery::kCutLength || delivery == Delivery::kCutBare;
    if (delivery != Delivery::kWhole) keep_alive_ = false;
    out_.clear();
    drips_.clear();
    endless_.clear();
    if (delivery == Delivery::kDropped) return;
    out_ = head_of(response, keep_alive_);
    if (delivery == Delivery::kDripped) {
      drips_ = response.body;
    } else if (delivery == Delivery::kEndless) {
      endless_ = response.body;
    } else {
      out_ += is_cut ? response.body.substr(0, response.body.size() / 2) : response.body;
    }
  }

  void send() {
    watch();
    asio::async_write(stream_, asio::buffer(out_),
                      [self = this->shared_from_this()](Failed failed, std::size_t) {
                        if (!failed) self->sent();
                        if (failed) self->close();
                      });
  }

  void sent() {
    if (!endless_.empty()) {
      out_ = endless_;
      return send();
    }
    if (!drips_.empty()) {
      out_ = drips_.substr(0, 1);
      drips_.erase(0, 1);
      timer_.expires_after(std::chrono::seconds(1));
      timer_.async_wait([self = this->shared_from_this()](Failed failed) {
        if (!failed) self->send();
      });
      return;
    }
    keep_alive_ ? read() : close();
  }

  // Sends no TLS close_notify: the data sent is complete, or is meant to be cut short.
  void close() {
    Failed ignored;
    socket().socket().shutdown(tcp::socket::shutdown_both, ignored);
    socket().socket().close(ignored);
  }

  std::shared_ptr<Shared> shared_;
  Stream stream_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  bool keep_alive_ = false;
  std::string out_;
  std::string endless_;  // sent until the peer hangs up
  std::string drips_;    // sent one byte per second
};

}  // namespace

class Server::Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& loop, const ServerOptions& options, Handler handler)
      : acceptor_(loop), pause_(loop), shared_(std::make_shared<Shared>()) {
    shared_->handler = std::move(handler);
    if (!options.tls_cert.empty()) {
      shared_->tls.emplace(asio::ssl::context::tls_server);
      shared_->tls->use_certificate_chain_file(options.tls_cert);
      shared_->tls->use_private_key_file(options.tls_key, asio::ssl::context::pem);
    }
    const auto address = asio::ip::make_address(options.address);
    if (!address.is_loopback()) {
      throw std::invalid_argument("not a loopback address: " + options.address);
    }
    const tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](Failed failed, tcp::socket socket) {
      if (failed == asio::error::operation_aborted) return;
      if (failed) return self->accept_later();
      self->begin(std::move(socket));
      self->accept();
    });
  }

  void stop() {
    Failed ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

 private:
  void begin(tcp::socket socket) {
    if (shared_->connections >= kMaxConnections) return;  // the socket's destructor closes it
    Failed ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    if (shared_->tls) {
      using Tls = beast::ssl_stream<beast::tcp_stream>;
      std::make_shared<Session<Tls>>(shared_, std::move(socket), *shared_->tls)->start();
    } else {
      std::make_shared<Session<beast::tcp_stream>>(shared_, std::move(socket))->start();
    }
  }

  // The process has probably no free file descriptors. An immediate retry would spin.
  void accept_later() {
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([self = shared_from_this()](Failed failed) {
      if (!failed) self->accept();
    });
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::shared_ptr<Shared> shared_;
};

Server::Server(asio::io_context& loop, const ServerOptions& options, Handler handler)
    : listener_(std::make_shared<Listener>(loop, options, std::move(handler))) {
  listener_->accept();
}

Server::~Server() {
  listener_->stop();
}

std::uint16_t Server::port() const {
  return listener_->port();
}

void Server::stop() {
  listener_->stop();
}

}  // namespace iotsim
