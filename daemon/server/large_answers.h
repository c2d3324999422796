// Writes and compresses large answers of the API on a thread, and limits the memory that they use
// while they are sent. Event-loop thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>

#include "io/call_thread.h"
#include "io/http/http_server.h"
#include "server/api_question.h"
#include "server/content_negotiation.h"

namespace taskwatchd {

class LargeAnswers {
 public:
  // Total of all answers being sent. Beyond it no further one is sent; the last one may exceed it.
  explicit LargeAnswers(std::size_t held_bytes = std::size_t{32} * 1024 * 1024)
      : held_limit_(held_bytes) {}

  // REQUIRES: reply.make_data. Returns the response, or a 503 if too much is being sent or waits.
  // The coroutine must not be resumed after this object is destroyed; the body may be read then.
  boost::asio::awaitable<WebResponse> write(ApiReply reply, ContentNegotiation negotiated);

 private:
  // Returns false if the system cannot create a thread.
  bool start(const boost::asio::any_io_executor& executor);

  std::size_t held_limit_;
  std::shared_ptr<std::size_t> held_ = std::make_shared<std::size_t>(0);  // outlives this object
  std::unique_ptr<CallThread> thread_;  // started for the first one: most daemons write none
};

}  // namespace taskwatchd
