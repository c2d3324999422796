// Tools for work outside the event loop: a thread that leaves signals to the event loop, and a way
// to post results to the loop that is safe even if the loop no longer exists. Shared by the folders
// of io/.
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

// Starts a thread with all signals blocked: a new thread inherits the signal mask. Throws
// std::system_error if the system cannot create a thread.
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

// Posts results from a worker thread to the event loop. Shared with the thread, which may outlive
// the loop. Any thread.
class Mailbox {
 public:
  explicit Mailbox(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  // Runs `handler` (copyable) on the event loop, unless shut() was called. If memory is exhausted
  // it retries until it succeeds, because a coroutine waits for the result.
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
  // Nothing is posted after this call: the event loop may be destroyed.
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
