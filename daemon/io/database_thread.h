// A database connection used by one thread only, so that a slow disk or server never blocks the
// event loop. Threads: every function on the event loop's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "io/call_thread.h"
#include "ports.h"

namespace taskwatchd {

// Connection::give_up() is called from another thread when the daemon stops.
template <typename Connection>
class DatabaseThread {
 public:
  // `what` names the database in errors. At most `limit` calls wait. `executor` must outlive this
  // object.
  DatabaseThread(boost::asio::any_io_executor executor, std::string what,
                 std::unique_ptr<Connection> connection, std::size_t limit)
      : what_(std::move(what)),
        connection_(std::make_shared<Holder>(std::move(connection))),
        thread_(std::move(executor), limit,
                {.hurry = [held = connection_] { held->connection->give_up(); },
                 .end = [held = connection_] { held->connection.reset(); }}) {}

  // Runs `action(Connection&)` on the thread. Returns its value or error, or kUnavailable if it
  // could not be run. Not cancellable.
  template <typename Value, typename Action>
  Awaitable<std::variant<Value, StoreError>> call(Action action) {
    auto bound = [action = std::move(action), held = connection_] {
      return std::variant<Value, StoreError>(action(*held->connection));
    };
    // Made before the call: this object may be destroyed when it returns.
    StoreError unavailable{
        StoreError::Kind::kUnavailable,
        what_ + ": too many requests are waiting, it is closing, or memory is exhausted"};
    auto result = co_await thread_.call(std::move(bound));
    if (result) co_return std::move(*result);
    co_return unavailable;
  }

  // Processes waiting calls and closes the connection, blocking for at most `bound` plus 0.5 s;
  // later calls get kUnavailable. Returns false if a waiting call was not processed.
  bool stop(std::chrono::milliseconds bound) { return thread_.stop(bound); }

 private:
  struct Holder {
    explicit Holder(std::unique_ptr<Connection> opened) : connection(std::move(opened)) {}
    std::unique_ptr<Connection> connection;
  };

  std::string what_;
  std::shared_ptr<Holder> connection_;
  CallThread thread_;
};

}  // namespace taskwatchd
