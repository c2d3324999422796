// One connection of the HTTP server, from its first byte to its last. A part of http_server, which
// alone includes it; Beast stays inside.
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
  // By client_of.
  virtual const std::string& client() const = 0;
};

class Place;
using Places = std::set<Place*>;

// What the server, its listeners and its connections share; it ends with the last of them.
struct HttpShared {
  HttpShared(boost::asio::any_io_executor e, HttpServer::Handler h, WebLimits l)
      : executor(std::move(e)), handler(std::move(h)), limits(std::move(l)) {}

  boost::asio::any_io_executor executor;
  HttpServer::Handler handler;
  WebLimits limits;
  std::shared_ptr<const WebDoor> door = std::make_shared<WebDoor>();
  std::unordered_set<HttpConnection*> connections;
  // Those that wait for a request, in the order in which they make room for others: first those
  // that have sent none yet, then by how long they have waited.
  std::map<std::pair<bool, std::uint64_t>, HttpConnection*> idle;
  std::uint64_t idle_begun = 0;
  std::vector<std::shared_ptr<boost::asio::ip::tcp::acceptor>> acceptors;
  std::uint64_t accepted = 0;
  std::uint64_t accept_errors = 0;
  Places answering;
  Places waiting;  // answers to requests that may have to wait
  bool stopped = false;

  // Connections at once. One of TLS holds some 80 kB of buffers, twenty times what a plain one
  // does.
  std::size_t most_connections() const {
    constexpr std::size_t kTlsConnections = 2048;
    return door->tls ? std::min(limits.connections, kTlsConnections) : limits.connections;
  }
  // Connections are short: none is kept after its answer.
  bool is_crowded() const { return connections.size() > most_connections() * 3 / 4; }
};

// Holds one of the places for answers, from the request to the last byte.
class Place {
 public:
  using Steady = std::chrono::steady_clock;

  Place(Places& taken, HttpConnection* connection) : taken_(taken), connection_(connection) {
    taken_.insert(this);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { taken_.erase(this); }
  // The answer is made, and on its way from now on.
  void begin_writing() { written_since_ = Steady::now(); }
  // Whether there is one more for the taking. An answer that has been on its way for longer than
  // `time` is cut for it: a client may be slow, but not to keep others out.
  static bool is_free(Places& taken, std::size_t limit, Steady::duration time);

 private:
  Places& taken_;
  HttpConnection* connection_;
  Steady::time_point written_since_ = Steady::time_point::max();
};

// When an answer of so many bytes has to be written at the latest: a client on a slow line is
// waited for, but not at less than 32 KiB/s.
using WriteEnd = Place::Steady::time_point;
inline WriteEnd write_end(const WebLimits& limits, std::size_t bytes) {
  constexpr std::size_t kLeastRate = 32 * 1024;  // bytes/s
  return Place::Steady::now() + limits.write_timeout + std::chrono::seconds(bytes / kLeastRate);
}

// For as long as a connection waits for a request.
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

// Serves the connection to its end, by the door of this moment. Throws if there is no memory for
// it.
void start_session(const std::shared_ptr<HttpShared>& shared, boost::asio::ip::tcp::socket socket);

}  // namespace taskwatchd
