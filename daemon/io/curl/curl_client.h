// HTTP client on libcurl's multi interface and the Asio event loop: no thread waits for a peer. Its
// parts are curl_target, curl_transfer, curl_failure (one exchange), curl_loop (libcurl on Asio)
// and resolver; only these include each other. Threads: the executor's only. Ignores SIGPIPE for
// the whole process, because libcurl's TLS writes would raise it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "io/curl/curl_options.h"
#include "ports.h"

namespace taskwatchd {

class CurlClient : public HttpClient {
 public:
  // Throws std::runtime_error if libcurl cannot be initialized.
  explicit CurlClient(boost::asio::any_io_executor executor, CurlOptions options = {});
  // Fails all calls in flight with kUnreachable at once, without waiting for a peer or name server.
  // Must be destroyed before the executor's context.
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  // Sends exactly the given headers plus Host and Content-Length. Supports GET, POST and PUT; https
  // only, but http to loopback addresses and, for requests that set the flag, to the ECS metadata
  // service. Cancelling closes the connection. Failure texts contain host and port, never path or
  // query:
  //   kTimeout      connected, but no complete response in time, or below the low-speed limit
  //   kUnreachable  no address, no connection, or it closed before the response was complete
  //   kTls          no TLS, a TLS peer that is not accepted, or an unreadable CA file
  //   kTooLarge     the response exceeds a limit of CurlOptions
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
