// Starts a coroutine that nobody waits for. An exception that escapes it ends the loop and the
// program: a part that died in silence would look like health.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace taskwatchd {

inline void rethrow(const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
}

inline void spawn(const boost::asio::any_io_executor& executor,
                  boost::asio::awaitable<void> coroutine) {
  boost::asio::co_spawn(executor, std::move(coroutine), &rethrow);
}

}  // namespace taskwatchd
