// Lets other handlers of the event loop run between two parts of a long piece of work.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "ports.h"

namespace taskwatchd {

inline Awaitable<void> next_turn() {
  co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
}

}  // namespace taskwatchd
