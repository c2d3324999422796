// One exchange: a libcurl easy handle with every option set explicitly, because several defaults of
// 7.88.1 are unsafe (redirects, environment proxies, unlimited bodies). It collects the response
// within limits. Not copyable or movable: libcurl keeps its address.
#pragma once

#include <curl/curl.h>

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cloud/http.h"
#include "io/curl/curl_options.h"
#include "io/curl/curl_target.h"

namespace taskwatchd {

// A validated request and its targets.
struct CurlPlan {
  HttpRequest request;
  CurlTarget target;
  std::optional<CurlTarget> proxy;
  // The host whose name must be resolved.
  const CurlTarget& connect_to() const { return proxy ? *proxy : target; }
};

// Returns the plan, or why the request must not be sent.
std::variant<CurlPlan, TransportFailure> plan(HttpRequest request);

class CurlTransfer {
 public:
  // `departed` may be empty; see HttpClient::Departed.
  CurlTransfer(const boost::asio::any_io_executor& executor, CurlPlan plan,
               std::function<bool()> departed);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // `addresses` are those of connect_to(); `time` is the time left for the whole exchange. Returns
  // false if libcurl rejects an option.
  bool prepare(const CurlOptions& options, const std::vector<std::string>& addresses,
               Duration time);
  CURL* handle() { return easy_.get(); }
  // Finishes the exchange. REQUIRES: the handle was removed from its multi handle.
  void finish(CURLcode code);
  void finish(TransportFailure failure);
  // A coroutine may wait on this timer: it is cancelled when the exchange has finished.
  boost::asio::steady_timer& ended() { return ended_; }
  // nullopt until the exchange has finished.
  std::optional<HttpResult>& result() { return result_; }

 private:
  struct Easy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct List {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  template <typename Value>
  void set(CURLoption option, Value value);
  void set_headers();
  void set_addresses(const std::vector<std::string>& addresses);
  void set_tls();
  void set_limits(const CurlOptions& options, Duration time);
  static int on_request(void* self, char*, char*, int, int) noexcept;
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_header(char* data, std::size_t size, std::size_t count,
                               void* self) noexcept;
  void take_header(std::string_view line);
  HttpResult read_result(CURLcode code);

  CurlPlan plan_;
  std::function<bool()> departed_;
  char error_[CURL_ERROR_SIZE] = {};
  std::unique_ptr<curl_slist, List> headers_;
  std::unique_ptr<curl_slist, List> resolve_;
  std::unique_ptr<CURL, Easy> easy_;
  bool refused_ = false;
  int requests_ = 0;  // requests started on a connection
  std::size_t body_limit_ = 0;
  std::size_t header_room_ = 0;
  bool too_large_ = false;
  HttpReply reply_;
  std::optional<HttpResult> result_;
  boost::asio::steady_timer ended_;
};

}  // namespace taskwatchd
