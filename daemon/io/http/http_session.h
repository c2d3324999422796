// One connection of the HTTP server, from its first byte to its last. A part of http_server, which
// alone includes it; Beast stays inside.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "io/http/http_server.h"

namespace taskwatchd {

// A connection as the server sees it.
struct HttpConnection {
  virtual ~HttpConnection() = default;
  virtual void close() = 0;
};

// What the server, its listeners and its connections share; it ends with the last of them.
struct HttpShared {
  HttpShared(boost::asio::any_io_executor e, HttpServer::Handler h, WebLimits l)
      : executor(std::move(e)), handler(std::move(h)), limits(std::move(l)) {}

  boost::asio::any_io_executor executor;
  HttpServer::Handler handler;
  WebLimits limits;
  std::shared_ptr<const WebDoor> door = std::make_shared<WebDoor>();
  std::unordered_set<HttpConnection*> connections;
  std::vector<std::shared_ptr<boost::asio::ip::tcp::acceptor>> acceptors;
  std::uint64_t accepted = 0;
  std::uint64_t accept_errors = 0;
  std::size_t answering = 0;
  std::size_t waiting = 0;  // answers to requests that may have to wait
  bool stopped = false;
};

// Holds one of the places for answers, from the request to the last byte.
class Place {
 public:
  explicit Place(std::size_t& taken) : taken_(taken) { ++taken_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { --taken_; }

 private:
  std::size_t& taken_;
};

// Serves the connection to its end, by the door of this moment. Throws if there is no memory for
// it.
void start_session(const std::shared_ptr<HttpShared>& shared, boost::asio::ip::tcp::socket socket);

}  // namespace taskwatchd
