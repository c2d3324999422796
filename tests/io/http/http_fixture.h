// A byte-level client and a server on its own thread, for the tests of http_server.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "io/http/http_server.h"

namespace taskwatchd {

using std::chrono::milliseconds;

// A client that sends any bytes and reads any bytes.
class RawClient {
 public:
  // `from`: the local address, in 127.0.0.0/8.
  explicit RawClient(const std::string& address, const char* from = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    inet_pton(AF_INET, from, &own.sin_addr);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&own), sizeof own), 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port =
        htons(static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1))));
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  RawClient(RawClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_) {}
  ~RawClient() {
    if (socket_ >= 0) ::close(socket_);
  }

  bool connected() const { return connected_; }
  bool send(std::string_view bytes) {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // Reads until the server ends the connection, `end` is seen, or `time` has passed.
  std::string read(const std::string& end = "", milliseconds time = milliseconds(5000)) {
    const auto until = std::chrono::steady_clock::now() + time;
    std::string all;
    while (std::chrono::steady_clock::now() < until) {
      pollfd readable{socket_, POLLIN, 0};
      if (::poll(&readable, 1, 20) == 0) continue;
      char bytes[65536];
      const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
      if (got <= 0) {
        ended_ = true;
        break;
      }
      all.append(bytes, static_cast<std::size_t>(got));
      if (!end.empty() && all.find(end) != std::string::npos) break;
    }
    return all;
  }
  // Returns whether the last read saw the end of the connection.
  bool ended() const { return ended_; }
  void reset() {
    const linger now{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(std::exchange(socket_, -1));
  }
  void small_window() {
    const int size = 4096;
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }

 private:
  int socket_;
  bool connected_ = false;
  bool ended_ = false;
};

inline constexpr std::size_t kHuge = 32 * 1024 * 1024;

inline WebResponse routes(const WebRequest& request) {
  WebResponse response;
  if (request.target == "/throw") throw std::runtime_error("oops");
  if (request.target == "/split") response.headers = {{"X-A", "b\r\nSet-Cookie: c"}};
  if (request.target == "/big") response.body.assign(8 * 1024 * 1024, 'x');
  // More than the kernel buffers on both ends.
  if (request.target == "/huge") response.body.assign(kHuge, 'x');
  if (!response.body.empty()) return response;
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  const std::string* agent = request.header("user-agent");
  response.body = request.method + " " + request.target + " " + (agent ? *agent : "-") + "\n";
  return response;
}

// Sends parts of 1 kB: three for /stream-3; one and then silence for /stream-wait; without end for
// /stream-all.
class TestStream : public WebStream {
 public:
  TestStream(std::string target, boost::asio::any_io_executor executor, int& open)
      : target_(std::move(target)), timer_(executor), open_(open) {
    ++open_;
  }
  ~TestStream() override { --open_; }
  boost::asio::awaitable<std::string> next() override {
    const int part = parts_++;
    if (target_ == "/stream-throw" && part == 1) throw std::runtime_error("oops");
    if (target_ == "/stream-3" && part == 3) co_return std::string();
    if (target_ == "/stream-wait" && part == 1 && !ended_) {
      timer_.expires_after(std::chrono::seconds(60));
      boost::system::error_code cancelled;
      co_await timer_.async_wait(
          boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    }
    if (ended_) co_return std::string();
    co_return std::string(1023, static_cast<char>('a' + part % 26)) + "\n";
  }
  void end() override {
    ended_ = true;
    timer_.cancel();
  }

 private:
  std::string target_;
  boost::asio::steady_timer timer_;
  int& open_;
  int parts_ = 0;
  bool ended_ = false;
};

inline boost::asio::awaitable<WebResponse> streamed(std::string target, int& open) {
  WebResponse response;
  response.content_type = "text/event-stream";
  response.stream = std::make_shared<TestStream>(std::move(target),
                                                 co_await boost::asio::this_coro::executor, open);
  co_return response;
}

inline boost::asio::awaitable<WebResponse> late(std::string target) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  timer.expires_after(milliseconds(target == "/late-long" ? 1000 : 0));
  co_await timer.async_wait(boost::asio::use_awaitable);
  if (target == "/late-throw") throw std::runtime_error("oops");
  WebResponse response;
  response.body = "late\n";
  co_return response;
}

inline WebAnswer all_routes(const WebRequest& request) {
  if (request.target.starts_with("/late")) return late(request.target);
  return routes(request);
}

// A server on a separate thread.
class Served {
 public:
  explicit Served(WebLimits limits = {})
      : server_(
            context_.get_executor(),
            [this](const WebRequest& request) -> WebAnswer {
              if (request.target.starts_with("/stream")) return streamed(request.target, streams_);
              return all_routes(request);
            },
            limits) {
    const auto listening = server_.listen("127.0.0.1:0");
    EXPECT_FALSE(listening.error) << listening.error.message();
    address = listening.address;
    thread_ = std::thread([this] { context_.run(); });
  }
  template <typename Body>
  auto on_loop(Body body) {
    std::packaged_task<decltype(body())()> task(std::move(body));
    auto result = task.get_future();
    boost::asio::post(context_, [&task] { task(); });
    return result.get();
  }
  ~Served() {
    on_loop([this] { server_.stop(); });
    thread_.join();  // nothing may run after a stop
  }
  void set_door(WebDoor door) {
    on_loop([&] { server_.set_door(std::move(door)); });
  }
  std::uint64_t accepted() {
    return on_loop([this] { return server_.accepted(); });
  }
  // Returns the number of open streams.
  int streams() {
    return on_loop([this] { return streams_; });
  }
  bool no_stream_within(milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (streams() > 0) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return true;
  }
  std::string fetch(const std::string& target = "/") {
    RawClient client(address);
    client.send("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return client.read();
  }
  bool answers_within(milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
      if (fetch().starts_with("HTTP/1.1 200 ")) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }
  std::string address;

 private:
  int streams_ = 0;
  boost::asio::io_context context_;
  HttpServer server_;
  std::thread thread_;
};

inline WebLimits hasty() {
  WebLimits limits;
  limits.header_timeout = limits.idle_timeout = std::chrono::seconds(1);
  limits.write_timeout = std::chrono::seconds(1);
  return limits;
}

}  // namespace taskwatchd
