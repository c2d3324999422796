// A client on its own event loop, for the tests of curl_client.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/curl/curl_client.h"

namespace taskwatchd {

inline HttpRequest get(std::string url) {
  HttpRequest request;
  request.method = "GET";
  request.url = std::move(url);
  return request;
}

struct CurlFixture {
  boost::asio::io_context context;
  std::unique_ptr<CurlClient> client;
  std::vector<HttpResult> results;

  explicit CurlFixture(CurlOptions options = {})
      : client(std::make_unique<CurlClient>(context.get_executor(), std::move(options))) {}

  std::vector<std::chrono::steady_clock::time_point> departures;
  bool may_depart = true;

  static Awaitable<void> exchange(CurlFixture& me, HttpRequest request) {
    HttpClient::Departed departed = [&me] {
      me.departures.push_back(std::chrono::steady_clock::now());
      return me.may_depart;
    };
    HttpResult result = co_await me.client->send(std::move(request), std::move(departed));
    me.results.push_back(std::move(result));
  }
  void start(HttpRequest request) {
    boost::asio::co_spawn(context, exchange(*this, std::move(request)), boost::asio::detached);
  }
  // Runs until all started requests have ended.
  void run() {
    context.restart();
    context.run();
  }
  void run_for(std::chrono::milliseconds time) {
    context.restart();
    context.run_for(time);
  }
  HttpResult fetch(HttpRequest request) {
    results.clear();
    start(std::move(request));
    run_until_result();
    return results.empty() ? TransportFailure{TransportFailure::Kind::kProtocol, "never came"}
                           : results.front();
  }
  void run_until_result() {
    context.restart();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (results.empty() && std::chrono::steady_clock::now() < end) {
      context.restart();
      context.run_one_for(std::chrono::milliseconds(100));
    }
  }
};

inline std::string kind_of(const HttpResult& result) {
  const auto* failure = std::get_if<TransportFailure>(&result);
  if (failure == nullptr) return "reply";
  switch (failure->kind) {
    case TransportFailure::Kind::kTimeout:
      return "timeout";
    case TransportFailure::Kind::kUnreachable:
      return "unreachable";
    case TransportFailure::Kind::kTls:
      return "tls";
    case TransportFailure::Kind::kTooLarge:
      return "too large";
    case TransportFailure::Kind::kProtocol:
      return "protocol";
  }
  return "?";
}

inline std::string message_of(const HttpResult& result) {
  const auto* failure = std::get_if<TransportFailure>(&result);
  return failure == nullptr ? "" : failure->message;
}

inline const HttpReply& reply_of(const HttpResult& result) {
  static const HttpReply none;
  const auto* reply = std::get_if<HttpReply>(&result);
  EXPECT_NE(reply, nullptr) << message_of(result);
  return reply == nullptr ? none : *reply;
}

// Measures elapsed time.
class Stopwatch {
 public:
  std::chrono::milliseconds passed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start_);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace taskwatchd
