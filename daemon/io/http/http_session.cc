#include "io/http/http_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "core/types/ascii.h"
#include "io/http/http_endpoint.h"
#include "io/http/http_request.h"
#include "io/http/http_response.h"

namespace taskwatchd {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

// A rejected client may still be sending: closing with unread bytes would discard our response.
constexpr std::chrono::seconds kLingerTime{1};
constexpr std::size_t kLingerBytes = 64 * 1024;
constexpr std::size_t kReadBytes = 4096;
// What a client must read within each write timeout.
constexpr std::size_t kPieceBytes = 64 * 1024;

using Request = http::request_parser<http::empty_body>;
using Plain = beast::tcp_stream;
using Tls = beast::ssl_stream<beast::tcp_stream>;

WebRequest to_web(const Request::value_type& request, std::string client) {
  WebRequest web;
  web.client = std::move(client);
  // The handler sees HEAD as GET; only the writer distinguishes them.
  web.method = request.method() == http::verb::head ? "GET" : std::string(request.method_string());
  web.target = std::string(request.target());
  for (const auto& field : request) {
    web.headers.emplace_back(ascii_lower(field.name_string()), std::string(field.value()));
  }
  take_absolute_form(web);
  return web;
}

// One connection. Stream is Plain or Tls.
template <typename Stream>
class Session : public HttpConnection, public std::enable_shared_from_this<Session<Stream>> {
 public:
  static constexpr bool kIsTls = std::is_same_v<Stream, Tls>;

  // Keeps `tls` for as long as the stream, which uses it.
  Session(std::shared_ptr<HttpShared> shared, std::shared_ptr<ssl::context> tls, Stream stream)
      : shared_(std::move(shared)),
        tls_(std::move(tls)),
        stream_(std::move(stream)),
        buffer_(shared_->limits.header_bytes + kReadBytes) {
    error_code gone;  // if set, the client has disconnected
    client_ = client_of(tcp().socket().remote_endpoint(gone).address());
    shared_->connections.insert(this);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() override { shared_->connections.erase(this); }

  void close() override {
    tcp().close();
    if (streaming_) streaming_->end();
  }

  const std::string& client() const override { return client_; }

  asio::awaitable<void> run() {
    if constexpr (kIsTls) {
      if (!co_await shake_hands()) co_return;
    }
    const std::size_t limit = shared_->limits.requests_per_connection;
    for (std::size_t left = limit; left > 0; --left) {
      Request request;
      request.header_limit(static_cast<std::uint32_t>(shared_->limits.header_bytes));
      request.body_limit(boost::none);  // bodies are rejected below, whatever their size
      const error_code failed = co_await read_head(request, left < limit);
      if (shared_->stopped) co_return;
      const bool head = !failed && request.get().method() == http::verb::head;
      const int minor = failed ? 1 : static_cast<int>(request.get().version() % 10);
      bool keep = false;
      WebResponse web;
      if (failed) {
        auto refusal = refuse(failed);
        if (!refusal) co_return;
        web = std::move(*refusal);
      } else if (const WebRequest asked = to_web(request.get(), client_);
                 const char* const problem = request_problem(asked)) {
        web = plain_text(400, problem);
      } else {
        keep = left > 1 && request.get().keep_alive() && !shared_->is_crowded();
        web = co_await respond(asked);
        if (shared_->stopped) co_return;
      }
      const std::string top = head_of(web, *shared_->door, minor, keep && !web.stream);
      if (web.stream) {
        co_await write_stream(std::move(web.stream), top, minor >= 1, head);
        co_return;
      }
      const std::shared_ptr<WebParts> parts = std::move(web.parts);
      std::string body;
      if (!head) body = std::move(web.body);
      if (place_) place_->begin_writing();
      // While idle, the connection may be closed to make room for others.
      std::optional<Idle> idle;
      if (!place_) idle.emplace(*shared_, true, this);
      write_until_ = write_end(shared_->limits, parts ? parts->bytes() : body.size());
      bool good = false;
      if (parts && !head) {
        good = co_await write_parts(top, *parts);
      } else {
        good = co_await write(top, body);
      }
      place_.reset();
      if (!good) co_return;
      if (!keep) break;
    }
    co_await linger();
  }

 private:
  beast::tcp_stream& tcp() { return beast::get_lowest_layer(stream_); }

  // Limited by the header timeout: a slow client delays only itself.
  asio::awaitable<bool> shake_hands() {
    const Idle idle(*shared_, false, this);
    error_code failed;
    tcp().expires_after(shared_->limits.header_timeout);
    co_await stream_.async_handshake(ssl::stream_base::server,
                                     asio::redirect_error(asio::use_awaitable, failed));
    const bool is_http =
        failed.category() == asio::error::get_ssl_category() &&
        ERR_GET_REASON(static_cast<unsigned long>(failed.value())) == SSL_R_HTTP_REQUEST;
    if (is_http && !shared_->stopped) co_await say_https();
    co_return !failed && !shared_->stopped;
  }

  asio::awaitable<void> say_https() {
    const std::string bytes =
        "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Connection: close\r\n\r\nthis port uses https, not http\n";
    error_code failed;
    co_await asio::async_write(tcp(), asio::buffer(bytes),
                               asio::redirect_error(asio::use_awaitable, failed));
    co_await linger_below();
  }

  // Beast's own read and write functions would be instantiated for both stream types and every part
  // of a response: one sixth of the program's size.
  asio::awaitable<error_code> read_head(Request& request, bool served_before) {
    const Idle idle(*shared_, served_before, this);
    const WebLimits& limits = shared_->limits;
    bool waits = served_before && buffer_.size() == 0;  // idle between two requests
    error_code failed;
    tcp().expires_after(waits ? limits.idle_timeout : limits.header_timeout);
    while (true) {
      while (buffer_.size() > 0) {
        buffer_.consume(request.put(buffer_.data(), failed));
        if (failed == http::error::need_more) break;
        if (failed) co_return failed;
        // A chunked body is read to its end: only then is it known to be empty.
        const bool has_chunks = request.is_header_done() && request.chunked();
        if (has_chunks ? request.is_done() : request.is_header_done()) co_return error_code();
      }
      const std::size_t room = beast::read_size(buffer_, kReadBytes);
      if (room == 0) co_return http::error::buffer_overflow;
      const std::size_t size = co_await stream_.async_read_some(
          buffer_.prepare(room), asio::redirect_error(asio::use_awaitable, failed));
      if (failed == asio::error::eof) {
        co_return request.got_some() ? http::error::partial_message : http::error::end_of_stream;
      }
      if (failed) co_return failed;
      buffer_.commit(size);
      if (std::exchange(waits, false)) tcp().expires_after(limits.header_timeout);
    }
  }

  // Returns the response to a request that cannot be read; nullopt if the client has disconnected.
  static std::optional<WebResponse> refuse(const error_code& failed) {
    if (failed == http::error::header_limit || failed == http::error::buffer_overflow) {
      return plain_text(431, "request header too large\n");
    }
    if (failed == http::error::unexpected_body) {
      return plain_text(400, "a request body is not accepted\n");
    }
    if (failed == http::error::end_of_stream) return std::nullopt;
    if (failed == http::error::partial_message) return std::nullopt;
    if (failed.category() != error_code(http::error::bad_method).category()) return std::nullopt;
    return plain_text(400, "bad request\n");
  }

  // Checks authentication and the limits, then calls the handler.
  asio::awaitable<WebResponse> respond(const WebRequest& asked) {
    try {
      tcp().expires_never();
      const auto door = shared_->door;  // may be replaced while we wait
      if (door->gate) {
        auto opinion = door->gate(asked);
        if (auto* const later = std::get_if<asio::awaitable<WebRefusal>>(&opinion)) {
          opinion = co_await std::move(*later);
        }
        auto& refusal = std::get<WebRefusal>(opinion);
        if (refusal) co_return *std::move(refusal);
        if (shared_->stopped) co_return WebResponse{};
      }
      const WebLimits& limits = shared_->limits;
      if (!limits.always || !limits.always(asked)) {
        Places& taken = limits.waits && limits.waits(asked) ? shared_->waiting : shared_->answering;
        if (!Place::is_free(taken, limits.requests, limits.write_timeout)) {
          co_return plain_text(503, "too many requests\n");
        }
        place_.emplace(taken, this);
      }
      WebAnswer answer = shared_->handler(asked);
      auto* const later = std::get_if<asio::awaitable<WebResponse>>(&answer);
      if (later == nullptr) co_return std::get<WebResponse>(std::move(answer));
      co_return co_await std::move(*later);
    } catch (...) {
      co_return plain_text(500, "internal error\n");
    }
  }

  // Writes head and body piece by piece: each piece has the write timeout, and the whole has a
  // minimum rate, so that no client occupies a large response for an hour. The first piece is one
  // write of head and body, because a separate packet for the head would delay a small body. It is
  // a vector because Asio turns an array of two buffers into {empty, rest} after the first one, and
  // Beast's TLS stream stops at an empty buffer; for the same reason the first buffer must not be
  // empty.
  asio::awaitable<bool> write(std::string_view head, std::string_view body) {
    error_code failed;
    do {
      std::string_view piece = body.substr(0, kPieceBytes);
      body.remove_prefix(piece.size());
      if (head.empty()) std::swap(head, piece);
      const std::vector<asio::const_buffer> bytes = {asio::buffer(head), asio::buffer(piece)};
      tcp().expires_at(std::min(write_end(shared_->limits, 0), write_until_));
      co_await asio::async_write(stream_, bytes, asio::redirect_error(asio::use_awaitable, failed));
      head = {};
    } while (!failed && !shared_->stopped && !body.empty());
    co_return !failed && !shared_->stopped;
  }

  // Also returns false if the number of bytes differs from the announced one.
  asio::awaitable<bool> write_parts(std::string_view head, WebParts& parts) {
    std::size_t left = parts.bytes();
    do {
      const std::string_view part = parts.next();
      if (part.empty() != (left == 0) || part.size() > left) co_return false;
      left -= part.size();
      if (!co_await write(std::exchange(head, {}), part)) co_return false;
    } while (left > 0);
    co_return true;
  }

  // The connection is closed at the end of the stream.
  asio::awaitable<void> write_stream(std::shared_ptr<WebStream> stream, const std::string& top,
                                     bool chunked, bool head) {
    streaming_ = std::move(stream);
    tcp().expires_never();
    hear_leaving();  // no write timeout ends this read
    write_until_ = WriteEnd::max();
    bool good = co_await write(top, "");
    place_.reset();
    while (good && !head) {
      std::string part = co_await next_part();
      if (shared_->stopped) co_return;
      const bool over = part.empty();
      if (chunked) part = chunk_of(part);
      good = co_await write(part, "") && !over;
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

  // Detects that the client has disconnected. A client of a stream sends nothing more.
  void hear_leaving() {
    stream_.async_read_some(asio::buffer(heard_),
                            [self = this->shared_from_this()](error_code, std::size_t) {
                              if (!self->shared_->stopped) self->close();
                            });
  }

  // Sends a TLS close notification: without it the client cannot distinguish the end from a
  // truncation.
  asio::awaitable<void> linger() {
    const Idle idle(*shared_, true, this);
    tcp().expires_after(kLingerTime);
    if constexpr (kIsTls) {
      error_code ignored;
      co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_await linger_below();
  }

  asio::awaitable<void> linger_below() {
    error_code failed;
    tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, failed);
    tcp().expires_after(kLingerTime);
    std::array<char, 4096> rest;
    for (std::size_t bytes = 0; !failed && bytes < kLingerBytes;) {
      bytes += co_await tcp().async_read_some(asio::buffer(rest),
                                              asio::redirect_error(asio::use_awaitable, failed));
    }
  }

  std::shared_ptr<HttpShared> shared_;
  std::shared_ptr<ssl::context> tls_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::string client_;
  std::optional<Place> place_;              // of the response in progress
  WriteEnd write_until_ = WriteEnd::max();  // of that response
  std::shared_ptr<WebStream> streaming_;
  std::array<char, 1> heard_{};
};

template <typename Stream>
asio::awaitable<void> serve(std::shared_ptr<Session<Stream>> session) {
  co_await session->run();
}

template <typename Stream>
void start(const std::shared_ptr<HttpShared>& shared, std::shared_ptr<ssl::context> tls,
           Stream stream) {
  auto session = std::make_shared<Session<Stream>>(shared, std::move(tls), std::move(stream));
  asio::co_spawn(shared->executor, serve(std::move(session)), asio::detached);
}

}  // namespace

void start_session(const std::shared_ptr<HttpShared>& shared, tcp::socket socket) {
  if (const std::shared_ptr<ssl::context> tls = shared->door->tls) {
    start(shared, tls, Tls(Plain(std::move(socket)), *tls));
  } else {
    start(shared, tls, Plain(std::move(socket)));
  }
}

}  // namespace taskwatchd
