// HTTP over libcurl's multi interface on the Asio loop: no thread waits for a peer. Part of it are
// curl_target, curl_transfer, curl_failure (one exchange), curl_loop (libcurl on Asio) and
// resolver; these include each other, no other io file does. Threads: all calls on the executor's
// thread. Ignores SIGPIPE for the whole process, since libcurl's TLS writes would raise it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "io/curl/curl_options.h"
#include "ports.h"

namespace taskwatchd {

class CurlClient : public HttpClient {
 public:
  // Throws std::runtime_error if libcurl cannot start.
  explicit CurlClient(boost::asio::any_io_executor executor, CurlOptions options = {});
  // Ends what is in flight with kUnreachable, at once: no peer and no name server is waited for.
  // Must come before the end of the executor's context.
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  // Sends exactly the headers given, and Host, Content-Length. Takes GET, POST and PUT; https only,
  // http to loopback addresses and, for requests that say so, to the ECS metadata service. A
  // cancelled wait closes its connection. Failures name host and port, never path or query:
  //   kTimeout      connected, but no complete response in time, or slower than the low-speed limit
  //   kUnreachable  no address, no connection, or it ended before the reply was whole
  //   kTls          no TLS, or not with the one that we want to talk to; unreadable CA file
  //   kTooLarge     the reply passes a limit of CurlOptions
  //   kProtocol     not HTTP, or a request that must not be sent
  Awaitable<HttpResult> send(HttpRequest request, Departed departed) override;
  using HttpClient::send;

 private:
  struct Impl;
  static Awaitable<HttpResult> exchange(std::shared_ptr<Impl> impl, HttpRequest request,
                                        Departed departed);
  std::shared_ptr<Impl> impl_;
};

}  // namespace taskwatchd
