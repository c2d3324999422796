// The HTTP server: Beast on the event-loop thread, with or without TLS, several listeners, one
// handler. It implements limits and timeouts, not routes. No error ends the accept loops (file
// descriptors may run out): they wait 100 ms and continue.
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
  // The client, as returned by client_of()
  std::string client = {};
  // Returns the first header of that lower-case name, or nullptr.
  const std::string* header(std::string_view name) const;
};

// A body that is produced part by part, for as long as the client is connected.
class WebStream {
 public:
  virtual ~WebStream() = default;
  // Returns the next part, of a bounded size; empty: the stream has ended. Called again once the
  // part is written.
  virtual boost::asio::awaitable<std::string> next() = 0;
  // The client has disconnected or the server stops: next() returns soon, and empty from then on.
  virtual void end() = 0;
};

// A body of known size, produced part by part: many responses may share its source, and a
// connection holds one part at a time.
class WebParts {
 public:
  virtual ~WebParts() = default;
  virtual std::size_t bytes() const = 0;  // of all parts together
  // Returns the next part, valid until the next call; empty at the end.
  virtual std::string_view next() = 0;
};

struct WebResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // Sent instead of the body. A client that reads no part within the write timeout is disconnected.
  // While it waits, the response does not count as a concurrent request, so the creator of streams
  // must limit their number.
  std::shared_ptr<WebStream> stream = {};
  std::shared_ptr<WebParts> parts = {};  // instead of the body; used by this response only
};

// Returns a plain-text response.
WebResponse plain_text(int status, std::string body);

// A response available now, or a coroutine that produces it later, run by the connection.
using WebAnswer = std::variant<WebResponse, boost::asio::awaitable<WebResponse>>;

struct WebLimits {
  std::size_t header_bytes = 32 * 1024;  // allows for the cookies of a single sign-on
  std::size_t connections = 4096;
  std::size_t requests_per_connection = 1024;
  std::size_t requests = 40;  // maximum of concurrent requests, until fully written; above: 503
  // Requests that may have to wait have a separate limit of the same size, so that they cannot
  // block the other requests.
  std::function<bool(const WebRequest&)> waits = {};
  // Requests that are answered regardless of the limits: small responses, available at once.
  std::function<bool(const WebRequest&)> always = {};
  std::chrono::seconds header_timeout{10};  // also for a TLS handshake
  // For a keep-alive connection: longer than the 60 s of common load balancers, which must be the
  // first to close it. When connections are scarce, a connection is closed after its response.
  std::chrono::seconds idle_timeout{75};
  std::chrono::seconds write_timeout{10};  // for each 64 KiB, not for the whole response
};

// The response to a rejected request; nullopt: the request is accepted.
using WebRefusal = std::optional<WebResponse>;

// What is applied before the handler. May be replaced while the server runs: existing connections
// keep their TLS.
struct WebDoor {
  std::shared_ptr<boost::asio::ssl::context> tls = {};  // null: plain HTTP
  // Called before the handler, under the same rules; empty: all requests are accepted. A request
  // that waits here does not count as a concurrent request, so this function must limit the number
  // of waiting ones.
  std::function<std::variant<WebRefusal, boost::asio::awaitable<WebRefusal>>(const WebRequest&)>
      gate = {};
  // Added to each response that lacks a field of that name. A Content-Security-Policy is always
  // added: clients enforce all policies that they receive.
  std::vector<std::pair<std::string, std::string>> headers = {};
};

class HttpServer {
 public:
  using Handler = std::function<WebAnswer(const WebRequest&)>;

  // The handler is called on the executor's thread and must return at once; the request is
  // destroyed then. A coroutine that it returns must end by itself. HEAD is handled as GET, without
  // the body in the response; a request with a body gets 400. If the handler or its coroutine
  // throws, the response is 500.
  HttpServer(boost::asio::any_io_executor executor, Handler handler, WebLimits limits = {});
  ~HttpServer();  // closes all listeners and connections

  // Listens on HOST:PORT, [V6]:PORT or :PORT (all addresses) and starts to serve; port 0 selects a
  // free port. Returns the bound address, or an error_code (address in use:
  // boost::system::errc::address_in_use). Resolving a name may block: for start-up only.
  struct Listening {
    std::string address;
    boost::system::error_code error;
  };
  Listening listen(const std::string& address);
  // Serves on a socket that is already listening, and takes ownership of it.
  Listening adopt(int socket);
  // Takes effect with the next connection and request.
  void set_door(WebDoor door);
  // Closes all listeners and connections at once. The server cannot be restarted.
  void stop();

  // Returns the number of connections accepted: the watchdog compares it before and after a
  // self-connect.
  std::uint64_t accepted() const;
  std::uint64_t accept_errors() const;

 private:
  std::shared_ptr<HttpShared> shared_;  // shared with the connections, which may outlive this
};

}  // namespace taskwatchd
