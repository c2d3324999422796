// What work beside the event loop needs: a thread that leaves signals to the loop, and a way back
// that stays safe when the loop is gone first. Shared by the folders of io/.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <csignal>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

namespace taskwatchd {

// A thread with all signals blocked: a new thread inherits the mask. Throws std::system_error if
// the system gives no thread.
template <typename Body>
std::thread start_thread(Body body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread;
  std::exception_ptr failure;
  try {
    thread = std::thread(std::move(body));
  } catch (...) {
    failure = std::current_exception();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failure) std::rethrow_exception(failure);
  return thread;
}

// The way back to the loop. The thread shares it and may outlive the loop. Any thread.
class Mailbox {
 public:
  explicit Mailbox(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  // Runs `handler` (copyable) on the loop, unless shut() was called. Waits for memory if there is
  // none: a coroutine waits for the answer.
  template <typename Handler>
  void post(Handler handler) {
    constexpr std::chrono::milliseconds kPause{20};
    for (;; std::this_thread::sleep_for(kPause)) {
      try {
        const std::lock_guard hold(mutex_);
        if (open_) boost::asio::post(executor_, handler);
        return;
      } catch (const std::bad_alloc&) {
        // Again, for as long as there is a loop.
      }
    }
  }
  // After this nothing is posted: the loop may end.
  void shut() {
    const std::lock_guard hold(mutex_);
    open_ = false;
  }

 private:
  std::mutex mutex_;
  bool open_ = true;
  boost::asio::any_io_executor executor_;
};

}  // namespace taskwatchd
