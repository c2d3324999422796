#include "io/http_server.h"

#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cctype>
#include <exception>
#include <optional>
#include <unordered_set>

#include "io/http_address.h"
#include "io/http_endpoint.h"

namespace taskwatchd {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};
// A client that we refuse may still be sending: a close with its bytes unread would be a reset, and
// it would never see our answer.
constexpr std::chrono::seconds kLingerTime{1};
constexpr std::size_t kLingerBytes = 64 * 1024;

using Request = http::request_parser<http::empty_body>;
using Response = http::response<http::string_body>;

WebRequest to_web(const Request::value_type& request) {
  WebRequest web;
  // HEAD is GET to everyone but the writer.
  web.method = request.method() == http::verb::head ? "GET" : std::string(request.method_string());
  web.target = std::string(request.target());
  for (const auto& field : request) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    web.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  return web;
}

WebResponse plain(int status, std::string body) {
  WebResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

Response to_beast(WebResponse web, unsigned version, bool keep) {
  const bool good = is_one_line(web.content_type) &&
                    std::all_of(web.headers.begin(), web.headers.end(), [](const auto& header) {
                      return is_one_line(header.first) && is_one_line(header.second);
                    });
  if (!good) web = plain(500, "bad header\n");
  Response response(static_cast<http::status>(web.status), version);
  response.set(http::field::server, "taskwatchd");
  response.set(http::field::date, http_date());
  response.set(http::field::content_type, web.content_type);
  for (const auto& [name, value] : web.headers) response.insert(name, value);
  response.body() = std::move(web.body);
  response.prepare_payload();
  // RFC 9110 8.6: that of the whole answer, or none.
  if (response.result() == http::status::not_modified) response.content_length(boost::none);
  response.keep_alive(keep);
  return response;
}

// A connection of any kind of stream, as the server sees it.
struct Connection {
  virtual ~Connection() = default;
  virtual void close() = 0;
};

}  // namespace

const std::string* WebRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

// Shared with the coroutines, which may end after the server.
struct HttpServer::Impl {
  Impl(asio::any_io_executor e, Handler h, WebLimits l)
      : executor(std::move(e)), handler(std::move(h)), limits(l) {}

  WebAnswer answer(const WebRequest& request) const {
    try {
      return handler(request);
    } catch (...) {
      return plain(500, "internal error\n");
    }
  }

  asio::any_io_executor executor;
  Handler handler;
  WebLimits limits;
  std::vector<std::shared_ptr<tcp::acceptor>> acceptors;
  std::unordered_set<Connection*> connections;
  std::size_t answering = 0;
  std::uint64_t accepted = 0;
  std::uint64_t accept_errors = 0;
  bool stopped = false;
};

namespace {

// Counts an answer for as long as it is being written.
class Answering {
 public:
  explicit Answering(std::size_t& count) : count_(count) { ++count_; }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;
  ~Answering() { --count_; }

 private:
  std::size_t& count_;
};

// One connection. Stream is a tcp_stream or wraps one (TLS).
template <typename Server, typename Stream>
class Session : public Connection, public std::enable_shared_from_this<Session<Server, Stream>> {
 public:
  Session(std::shared_ptr<Server> server, Stream stream)
      : server_(std::move(server)),
        stream_(std::move(stream)),
        buffer_(server_->limits.header_bytes) {
    server_->connections.insert(this);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() override { server_->connections.erase(this); }

  void close() override {
    tcp().close();
    if (streaming_) streaming_->end();
  }

  asio::awaitable<void> run() {
    for (std::size_t left = server_->limits.requests_per_connection; left > 0; --left) {
      Request request;
      request.header_limit(static_cast<std::uint32_t>(server_->limits.header_bytes));
      request.body_limit(boost::none);  // bodies are refused below, whatever their size
      error_code failed;
      tcp().expires_after(server_->limits.header_timeout);
      co_await http::async_read_header(stream_, buffer_, request,
                                       asio::redirect_error(asio::use_awaitable, failed));
      if (server_->stopped) co_return;
      const bool keep = !failed && left > 1 && request.get().keep_alive() && !has_body(request);
      WebResponse web;
      if (failed) {
        auto refusal = refuse(failed);
        if (!refusal) co_return;
        web = std::move(*refusal);
      } else {
        WebAnswer answer = reply_to(request);
        if (auto* const later = std::get_if<asio::awaitable<WebResponse>>(&answer)) {
          web = co_await finish(std::move(*later));
          if (server_->stopped) co_return;
        } else {
          web = std::get<WebResponse>(std::move(answer));
        }
      }
      const bool head = !failed && request.get().method() == http::verb::head;
      if (web.stream) {
        co_await write_stream(std::move(web), request.get().version(), head);
        co_return;
      }
      Response response = to_beast(std::move(web), failed ? 11 : request.get().version(), keep);
      if (!co_await write(response, head)) co_return;
      if (!keep) break;
    }
    co_await linger();
  }

 private:
  beast::tcp_stream& tcp() { return beast::get_lowest_layer(stream_); }

  static bool has_body(const Request& request) {
    return request.chunked() || request.content_length().value_or(0) > 0;
  }

  // What to say to a request that cannot be read; nothing if nobody is there to hear it.
  static std::optional<WebResponse> refuse(const error_code& failed) {
    if (failed == http::error::header_limit || failed == http::error::buffer_overflow) {
      return plain(431, "request header too large\n");
    }
    const bool gone =
        failed == http::error::end_of_stream || failed == http::error::partial_message;
    if (gone || failed.category() != error_code(http::error::bad_method).category()) {
      return std::nullopt;
    }
    return plain(400, "bad request\n");
  }

  WebAnswer reply_to(const Request& request) {
    if (has_body(request)) return plain(400, "a request body is not accepted\n");
    if (server_->answering >= server_->limits.requests) return plain(503, "too many requests\n");
    return server_->answer(to_web(request.get()));
  }

  asio::awaitable<WebResponse> finish(asio::awaitable<WebResponse> later) {
    const Answering answering(server_->answering);
    tcp().expires_never();
    try {
      co_return co_await std::move(later);
    } catch (...) {
      co_return plain(500, "internal error\n");
    }
  }

  asio::awaitable<bool> write(Response& response, bool head) {
    const Answering answering(server_->answering);
    error_code failed;
    http::response_serializer<http::string_body> serializer(response);
    tcp().expires_after(server_->limits.write_timeout);
    if (head) {
      co_await http::async_write_header(stream_, serializer,
                                        asio::redirect_error(asio::use_awaitable, failed));
    } else {
      co_await http::async_write(stream_, serializer,
                                 asio::redirect_error(asio::use_awaitable, failed));
    }
    co_return !failed && !server_->stopped;
  }

  // The connection ends with the stream.
  asio::awaitable<void> write_stream(WebResponse web, unsigned version, bool head) {
    streaming_ = std::move(web.stream);
    Response response = to_beast(std::move(web), version, false);
    response.content_length(boost::none);
    const bool chunked = version >= 11;  // without: until the end of the connection
    response.chunked(chunked);
    tcp().expires_never();
    hear_leaving();
    bool good = co_await write(response, true);
    while (good && !head) {
      std::string part = co_await next_part();
      if (server_->stopped) co_return;
      const bool over = part.empty();
      if (chunked) part = chunk_of(part);
      good = co_await write_bytes(std::move(part)) && !over;
    }
    close();
  }

  asio::awaitable<std::string> next_part() {
    try {
      co_return co_await streaming_->next();
    } catch (...) {
      co_return std::string();
    }
  }

  asio::awaitable<bool> write_bytes(std::string bytes) {
    error_code failed;
    tcp().expires_after(server_->limits.write_timeout);  // of writes alone: a read is going on
    co_await asio::async_write(stream_, asio::buffer(bytes),
                               asio::redirect_error(asio::use_awaitable, failed));
    co_return !failed && !server_->stopped;
  }

  // A client that has left is not waited for. It has nothing more to say to a stream.
  void hear_leaving() {
    stream_.async_read_some(asio::buffer(heard_),
                            [self = this->shared_from_this()](error_code, std::size_t) {
                              if (!self->server_->stopped) self->close();
                            });
  }

  asio::awaitable<void> linger() {
    error_code failed;
    tcp().socket().shutdown(tcp::socket::shutdown_send, failed);
    tcp().expires_after(kLingerTime);
    std::array<char, 4096> rest;
    for (std::size_t bytes = 0; !failed && bytes < kLingerBytes;) {
      bytes += co_await tcp().async_read_some(asio::buffer(rest),
                                              asio::redirect_error(asio::use_awaitable, failed));
    }
  }

  std::shared_ptr<Server> server_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::shared_ptr<WebStream> streaming_;
  std::array<char, 1> heard_{};
};

template <typename Server, typename Stream>
asio::awaitable<void> serve(std::shared_ptr<Session<Server, Stream>> session) {
  co_await session->run();
}

template <typename Server>
void start_session(const std::shared_ptr<Server>& server, tcp::socket socket) {
  ++server->accepted;
  if (server->connections.size() >= server->limits.connections) return;  // closes the socket
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  using Plain = Session<Server, beast::tcp_stream>;
  auto session = std::make_shared<Plain>(server, beast::tcp_stream(std::move(socket)));
  asio::co_spawn(server->executor, serve(std::move(session)), asio::detached);
}

// Ends with the server, never before.
template <typename Server>
asio::awaitable<void> accept_all(std::shared_ptr<Server> server,
                                 std::shared_ptr<tcp::acceptor> acceptor) {
  asio::steady_timer pause(server->executor);
  while (!server->stopped) {
    error_code failed;
    tcp::socket socket =
        co_await acceptor->async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (server->stopped) break;
    bool good = !failed;
    if (good) {
      try {
        start_session(server, std::move(socket));
      } catch (const std::exception&) {
        good = false;  // no memory for it
      }
    }
    if (good) continue;
    ++server->accept_errors;
    pause.expires_after(kAcceptPause);
    error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

}  // namespace

HttpServer::HttpServer(asio::any_io_executor executor, Handler handler, WebLimits limits)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(handler), limits)) {}

HttpServer::~HttpServer() {
  stop();
}

HttpServer::Listening HttpServer::listen(const std::string& address) {
  const auto where = parse_host_port(address);
  if (!where) {
    return {address, make_error_code(boost::system::errc::invalid_argument)};
  }
  error_code failed;
  const auto endpoint = find_endpoint(*where, impl_->executor, failed);
  if (!endpoint) return {address, failed};
  auto acceptor = std::make_shared<tcp::acceptor>(impl_->executor);
  failed = open(*acceptor, *endpoint);
  if (where->host.empty() && failed == boost::system::errc::address_family_not_supported) {
    // A machine without IPv6.
    acceptor = std::make_shared<tcp::acceptor>(impl_->executor);
    failed = open(*acceptor, tcp::endpoint(tcp::v4(), endpoint->port()));
  }
  if (failed) return {address, failed};
  impl_->acceptors.push_back(acceptor);
  const std::string bound = to_text(acceptor->local_endpoint());
  asio::co_spawn(impl_->executor, accept_all(impl_, std::move(acceptor)), asio::detached);
  return {bound, {}};
}

void HttpServer::stop() {
  impl_->stopped = true;
  for (const auto& acceptor : std::exchange(impl_->acceptors, {})) {
    error_code ignored;
    acceptor->close(ignored);
  }
  for (Connection* connection : impl_->connections) connection->close();
}

std::uint64_t HttpServer::accepted() const {
  return impl_->accepted;
}
std::uint64_t HttpServer::accept_errors() const {
  return impl_->accept_errors;
}

}  // namespace taskwatchd
