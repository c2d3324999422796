// The HTTP server: Beast on the loop's thread, with TLS or without, several listeners, one handler
// for all. It knows limits and timeouts, not routes. The accept loops never end on an error (file
// descriptors may run out): they pause 100 ms and go on.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace taskwatchd {

struct HttpShared;

struct WebRequest {
  std::string method;                                        // "GET"
  std::string target;                                        // path and query as sent
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string client = {};                                   // who asks, as client_of() says
  // The first header of that lower-case name, or nothing.
  const std::string* header(std::string_view name) const;
};

// A body that comes into being part by part, for as long as the client listens.
class WebStream {
 public:
  virtual ~WebStream() = default;
  // The next part, of a bounded size; empty: it is over. Called again once the part is written.
  virtual boost::asio::awaitable<std::string> next() = 0;
  // The client has left or the server stops: next() returns soon, and nothing from then on.
  virtual void end() = 0;
};

// A body of known size, part by part: many answers may share what it is made of, and a connection
// holds one part at a time.
class WebParts {
 public:
  virtual ~WebParts() = default;
  virtual std::size_t bytes() const = 0;  // of all parts together
  // The next part, valid until the next call; empty: that was all.
  virtual std::string_view next() = 0;
};

struct WebResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // Instead of the body. A client that takes no part within the write timeout is dropped; such an
  // answer does not count among the requests while it waits, so whoever makes them bounds them.
  std::shared_ptr<WebStream> stream = {};
  std::shared_ptr<WebParts> parts = {};  // instead of the body; of this answer alone
};

// A response of one text.
WebResponse plain_text(int status, std::string body);

// An answer now, or one that has to wait for something: a coroutine, run by the connection.
using WebAnswer = std::variant<WebResponse, boost::asio::awaitable<WebResponse>>;

struct WebLimits {
  std::size_t header_bytes = 32 * 1024;  // with the cookies of a single sign-on
  std::size_t connections = 4096;
  std::size_t requests_per_connection = 1024;
  std::size_t requests = 40;  // whose answers are awaited or being written at once; above: 503
  // Requests that may have to wait for something have as many places of their own, so that what
  // they wait for cannot keep the others out.
  std::function<bool(const WebRequest&)> waits = {};
  // Requests that are always answered, whatever others hold: few bytes, at once.
  std::function<bool(const WebRequest&)> always = {};
  std::chrono::seconds header_timeout{10};  // also of a TLS handshake
  // Of a kept connection: longer than the 60 s of common load balancers, which must be the first to
  // close it. It is closed after an answer while connections are short.
  std::chrono::seconds idle_timeout{75};
  std::chrono::seconds write_timeout{10};  // of each 64 KiB, not of the whole
};

// What a request is told instead of an answer; nothing: it is let in.
using WebRefusal = std::optional<WebResponse>;

// What stands before the handler. Replaced while the server runs: connections keep their TLS.
struct WebDoor {
  std::shared_ptr<boost::asio::ssl::context> tls = {};  // none: plain HTTP
  // Asked first, as the handler is; none: all are let in. Who waits here does not count among the
  // requests, so whoever lets them wait bounds them.
  std::function<std::variant<WebRefusal, boost::asio::awaitable<WebRefusal>>(const WebRequest&)>
      gate = {};
  // Of every answer that has none of that name. A Content-Security-Policy is always added: clients
  // keep to all that they are given.
  std::vector<std::pair<std::string, std::string>> headers = {};
};

class HttpServer {
 public:
  using Handler = std::function<WebAnswer(const WebRequest&)>;

  // The handler is called on the executor's thread and must return at once; the request is gone by
  // then. An answer that it lets wait must end by itself. HEAD is answered as GET without its body;
  // a request with a body is refused with 400. If the handler or its answer throws, it is 500.
  HttpServer(boost::asio::any_io_executor executor, Handler handler, WebLimits limits = {});
  ~HttpServer();  // closes all listeners and connections

  // HOST:PORT, [V6]:PORT or :PORT (all addresses); port 0 picks a free one. Starts to serve.
  // Returns the address bound, or an error_code (address in use:
  // boost::system::errc::address_in_use). A name is looked up, which may block: for start-up only.
  struct Listening {
    std::string address;
    boost::system::error_code error;
  };
  Listening listen(const std::string& address);
  // Serves on a socket that listens already, and owns it from now on.
  Listening adopt(int socket);
  // From the next connection and request on.
  void set_door(WebDoor door);
  // Closes all listeners and connections at once, for good.
  void stop();

  // Connections accepted so far: the watchdog compares two readings around a self-connect.
  std::uint64_t accepted() const;
  std::uint64_t accept_errors() const;

 private:
  std::shared_ptr<HttpShared> shared_;  // with the connections, which may end after this
};

}  // namespace taskwatchd
