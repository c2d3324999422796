// libcurl's multi handle on the Asio event loop (curl_multi_socket_action). libcurl owns its
// sockets: Asio only watches them, and releases each before libcurl closes it. Threads: the
// executor's only. libcurl's callbacks never call user code: completions are reported by
// CurlTransfer::finish, which posts.
#pragma once

#include <curl/curl.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "io/curl/curl_transfer.h"

namespace taskwatchd {

class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  // Throws std::runtime_error if libcurl cannot allocate the handle.
  CurlLoop(boost::asio::any_io_executor executor, const CurlOptions& options);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // Starts the transfer, or finishes it with a failure. The transfer must live until it has
  // finished or `remove` was called.
  void add(CurlTransfer& transfer);
  // Aborts the transfer if it has not finished; its connection is closed.
  void remove(CurlTransfer& transfer);
  // Finishes all transfers with a failure and closes all connections. Does not block.
  void close();
  bool closed() const { return multi_ == nullptr; }

 private:
  struct Watch;
  enum class Direction { kRead, kWrite };
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self,
                       void* watch) noexcept;
  static int on_timer(CURLM* multi, long milliseconds, void* self) noexcept;
  void watch(curl_socket_t socket, int what);
  void forget(curl_socket_t socket);
  void arm(const std::shared_ptr<Watch>& watch, Direction direction);
  void ready(const std::shared_ptr<Watch>& watch, Direction direction, bool failed);
  void set_timer(long milliseconds);
  void arm_timer();
  void on_due();
  void act(curl_socket_t socket, int events);

  boost::asio::any_io_executor executor_;
  CURLM* multi_;
  using Steady = std::chrono::steady_clock;
  boost::asio::steady_timer timer_;
  std::optional<Steady::time_point> due_;    // when libcurl wants to be called
  std::optional<Steady::time_point> armed_;  // when timer_ expires: never after due_
  bool posted_ = false;                      // a call is on its way
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  std::unordered_set<CurlTransfer*> transfers_;
};

}  // namespace taskwatchd
