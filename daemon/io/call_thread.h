// A thread that runs calls in order for coroutines of the event loop, which wait for the results.
// Threads: every function on the event loop's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "io/off_loop.h"
#include "io/work_queue.h"
#include "ports.h"

namespace taskwatchd {

class CallThread {
 public:
  // At most `limit` calls wait. `executor` must outlive this object.
  CallThread(boost::asio::any_io_executor executor, std::size_t limit,
             WorkQueue::Hooks hooks = {.hurry = [] {}, .end = [] {}})
      : executor_(executor),
        mailbox_(std::make_shared<Mailbox>(std::move(executor))),
        queue_(limit, std::move(hooks)) {}
  ~CallThread() { stop(std::chrono::milliseconds(0)); }
  CallThread(const CallThread&) = delete;
  CallThread& operator=(const CallThread&) = delete;

  // Runs `action()`, which is copied, on the thread. Returns its value, or nullopt if too many
  // calls wait, the thread ends, or it throws (memory is exhausted). Not cancellable on purpose:
  // without its result, nobody would know what was done.
  template <typename Action>
  Awaitable<std::optional<std::invoke_result_t<const Action&>>> call(Action action) {
    using Result = std::optional<std::invoke_result_t<const Action&>>;
    const auto waiting = std::make_shared<Asked<Result>>(executor_);
    const auto result = std::make_shared<Result>();
    const std::weak_ptr<Asked<Result>> answer_to = waiting;
    WorkQueue::Job job = [action = std::move(action), answer_to, mailbox = mailbox_,
                          result](bool run) {
      try {
        if (run) *result = action();
      } catch (const std::exception&) {
        // The result stays empty.
      }
      mailbox->post(Answer<Result>{answer_to, result});
    };
    if (!queue_.submit(std::move(job))) co_return std::nullopt;
    boost::system::error_code ignored;
    auto token = boost::asio::bind_cancellation_slot(
        boost::asio::cancellation_slot(),
        boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    if (!waiting->is_over) co_await waiting->done.async_wait(token);
    co_return std::move(waiting->result);
  }

  // Runs waiting calls, for at most `bound` plus 0.5 s; later calls return nullopt. Returns false
  // if a waiting call was not run.
  bool stop(std::chrono::milliseconds bound) {
    const bool drained = queue_.stop(bound);
    // Answers to rejected calls are posted by now; a detached thread can post nothing more.
    mailbox_->shut();
    return drained;
  }

 private:
  // A call in progress. The waiting coroutine owns it; the thread holds only a weak pointer, so
  // that a timer is never destroyed on the wrong thread.
  template <typename Result>
  struct Asked {
    explicit Asked(const boost::asio::any_io_executor& executor)
        : done(executor, boost::asio::steady_timer::time_point::max()) {}
    boost::asio::steady_timer done;
    bool is_over = false;
    Result result;
  };

  // Passes the result to the coroutine, on the event loop. The result was allocated before the
  // call, so that it can be passed even if memory is exhausted.
  template <typename Result>
  struct Answer {
    std::weak_ptr<Asked<Result>> call;
    std::shared_ptr<Result> result;
    void operator()() {
      if (const auto waiting = call.lock()) {
        waiting->result = std::move(*result);
        waiting->is_over = true;
        waiting->done.cancel();
      }
    }
  };

  boost::asio::any_io_executor executor_;
  std::shared_ptr<Mailbox> mailbox_;
  WorkQueue queue_;
};

}  // namespace taskwatchd
