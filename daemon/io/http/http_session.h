// One connection of the HTTP server. Part of http_server; only http_server includes it. Hides
// Beast.
#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "io/http/http_server.h"

namespace taskwatchd {

// A connection as the server sees it.
struct HttpConnection {
  virtual ~HttpConnection() = default;
  virtual void close() = 0;
  // The client, as returned by client_of.
  virtual const std::string& client() const = 0;
};

class Place;
using Places = std::set<Place*>;

// State shared by the server, its listeners and its connections; the last of them destroys it.
struct HttpShared {
  HttpShared(boost::asio::any_io_executor e, HttpServer::Handler h, WebLimits l)
      : executor(std::move(e)), handler(std::move(h)), limits(std::move(l)) {}

  boost::asio::any_io_executor executor;
  HttpServer::Handler handler;
  WebLimits limits;
  std::shared_ptr<const WebDoor> door = std::make_shared<WebDoor>();
  std::unordered_set<HttpConnection*> connections;
  // Idle connections, in the order in which they are closed to make room: first those without any
  // request yet, then the ones idle for longest.
  std::map<std::pair<bool, std::uint64_t>, HttpConnection*> idle;
  std::uint64_t idle_begun = 0;
  std::vector<std::shared_ptr<boost::asio::ip::tcp::acceptor>> acceptors;
  std::uint64_t accepted = 0;
  std::uint64_t accept_errors = 0;
  Places answering;
  Places waiting;  // responses to requests that may have to wait
  bool stopped = false;

  // Maximum number of connections. A TLS connection uses about 80 kB of buffers, twenty times as
  // much as a plain one.
  std::size_t most_connections() const {
    constexpr std::size_t kTlsConnections = 2048;
    return door->tls ? std::min(limits.connections, kTlsConnections) : limits.connections;
  }
  // True when connections are scarce: none is kept alive after its response.
  bool is_crowded() const { return connections.size() > most_connections() * 3 / 4; }
};

// Holds one of the slots for concurrent requests, from the request to the last byte.
class Place {
 public:
  using Steady = std::chrono::steady_clock;

  Place(Places& taken, HttpConnection* connection) : taken_(taken), connection_(connection) {
    taken_.insert(this);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { taken_.erase(this); }
  // The response is complete and its transfer starts now.
  void begin_writing() { written_since_ = Steady::now(); }
  // Returns whether a slot is free. If none is, a response in transfer for longer than `time` is
  // aborted: a client may be slow, but must not block others.
  static bool is_free(Places& taken, std::size_t limit, Steady::duration time);

 private:
  Places& taken_;
  HttpConnection* connection_;
  Steady::time_point written_since_ = Steady::time_point::max();
};

// Returns the deadline for writing a response of that many bytes: slow clients are accepted, but
// not below 32 KiB/s.
using WriteEnd = Place::Steady::time_point;
inline WriteEnd write_end(const WebLimits& limits, std::size_t bytes) {
  constexpr std::size_t kLeastRate = 32 * 1024;  // bytes/s
  return Place::Steady::now() + limits.write_timeout + std::chrono::seconds(bytes / kLeastRate);
}

// Registers a connection as idle for the lifetime of this object.
class Idle {
 public:
  Idle(HttpShared& shared, bool served_before, HttpConnection* connection)
      : shared_(shared), key_(served_before, ++shared.idle_begun) {
    shared_.idle.emplace(key_, connection);
  }
  Idle(const Idle&) = delete;
  Idle& operator=(const Idle&) = delete;
  ~Idle() { shared_.idle.erase(key_); }

 private:
  HttpShared& shared_;
  std::pair<bool, std::uint64_t> key_;
};

// Serves the connection until it closes, with the current door. Throws if memory is exhausted.
void start_session(const std::shared_ptr<HttpShared>& shared, boost::asio::ip::tcp::socket socket);

}  // namespace taskwatchd
