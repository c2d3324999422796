// A database connection used by one thread only, so that a slow disk or server never blocks the
// event loop: calls are queued, run there in order, and resumed on the loop with their result.
// Threads: every function on the event loop's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <chrono>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "io/off_loop.h"
#include "io/work_queue.h"
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
      : executor_(executor),
        what_(std::move(what)),
        mailbox_(std::make_shared<Mailbox>(std::move(executor))),
        connection_(std::make_shared<Holder>(std::move(connection))),
        queue_(limit, {.hurry = [held = connection_] { held->connection->give_up(); },
                       .end = [held = connection_] { held->connection.reset(); }}) {}
  ~DatabaseThread() { stop(std::chrono::milliseconds(0)); }
  DatabaseThread(const DatabaseThread&) = delete;
  DatabaseThread& operator=(const DatabaseThread&) = delete;

  // Runs `action(Connection&)` on the thread. Returns its value or error, or kUnavailable if the
  // queue is full or memory is exhausted. Not cancellable on purpose: without its result, nobody
  // would know whether a commit was done.
  template <typename Value, typename Action>
  Awaitable<std::variant<Value, StoreError>> call(Action action) {
    using Result = std::variant<Value, StoreError>;
    const auto waiting = std::make_shared<Asked<Result>>(executor_);
    const auto result = std::make_shared<Result>(
        StoreError{StoreError::Kind::kUnavailable, what_ + ": out of memory, or it is closing"});
    const std::weak_ptr<Asked<Result>> answer_to = waiting;
    WorkQueue::Job job = [action = std::move(action), answer_to, mailbox = mailbox_, result,
                          held = connection_](bool run) {
      try {
        if (run) *result = action(*held->connection);
      } catch (const std::bad_alloc&) {
        // The result stays unchanged.
      }
      mailbox->post(Answer<Result>{answer_to, result});
    };
    if (!queue_.submit(std::move(job))) {
      co_return StoreError{StoreError::Kind::kUnavailable,
                           what_ + ": too many requests are waiting, or it is closing"};
    }
    boost::system::error_code ignored;
    auto token = boost::asio::bind_cancellation_slot(
        boost::asio::cancellation_slot(),
        boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    if (!waiting->result) co_await waiting->done.async_wait(token);
    assert(waiting->result);
    co_return std::move(*waiting->result);
  }

  // Processes waiting calls and closes the connection, blocking for at most `bound` plus 0.5 s;
  // later calls get kUnavailable. Returns false if a waiting call was not processed.
  bool stop(std::chrono::milliseconds bound) {
    const bool drained = queue_.stop(bound);
    // Answers to rejected calls are posted by now; a detached thread can post nothing more.
    mailbox_->shut();
    return drained;
  }

 private:
  struct Holder {
    explicit Holder(std::unique_ptr<Connection> opened) : connection(std::move(opened)) {}
    std::unique_ptr<Connection> connection;
  };

  // A call in progress. The waiting coroutine owns it; the thread holds only a weak pointer, so
  // that a timer is never destroyed on the wrong thread.
  template <typename Result>
  struct Asked {
    explicit Asked(const boost::asio::any_io_executor& executor)
        : done(executor, boost::asio::steady_timer::time_point::max()) {}
    boost::asio::steady_timer done;
    std::optional<Result> result;
  };

  // Passes the result to the coroutine, on the event loop. The result was allocated before the
  // call, so that it can be passed even if memory is exhausted.
  template <typename Result>
  struct Answer {
    std::weak_ptr<Asked<Result>> call;
    std::shared_ptr<Result> result;
    void operator()() {
      if (const auto waiting = call.lock()) {
        waiting->result.emplace(std::move(*result));
        waiting->done.cancel();
      }
    }
  };

  boost::asio::any_io_executor executor_;
  std::string what_;
  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<Holder> connection_;
  WorkQueue queue_;
};

}  // namespace taskwatchd
