#include "io/password_check.h"

#include <crypt.h>
#include <signal.h>
#include <string.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace taskwatchd {
namespace {

namespace asio = boost::asio;

// Wakes one waiting coroutine: it sleeps on the timer, which never goes off by itself.
struct Bell {
  explicit Bell(const asio::any_io_executor& executor)
      : timer(executor, asio::steady_timer::time_point::max()) {}
  void ring() {
    rung = true;
    timer.cancel();
  }
  asio::steady_timer timer;
  bool rung = false;
  bool right = false;  // what the check said
};

asio::awaitable<void> wait_for(std::shared_ptr<Bell> bell) {
  boost::system::error_code cancelled;
  while (!bell->rung) {
    co_await bell->timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

// The way back from the thread, which may outlive the checker and the loop.
struct Door {
  std::mutex mutex;
  std::optional<asio::any_io_executor> executor;  // nothing: closed

  // The bell belongs to the loop: it must not end on this thread. Rung however little memory there
  // is, for somebody waits for it.
  void answer(const std::weak_ptr<Bell>& to, bool right) {
    constexpr std::chrono::milliseconds kPause{20};
    for (;; std::this_thread::sleep_for(kPause)) {
      try {
        const std::lock_guard hold(mutex);
        if (!executor) return;
        asio::post(*executor, [to, right] {
          if (const auto bell = to.lock()) {
            bell->right = right;
            bell->ring();
          }
        });
        return;
      } catch (const std::bad_alloc&) {
        // Again, for as long as there is a loop.
      }
    }
  }
};

// Without the memory for it nobody is let in.
bool passes(const PasswordChecker::Check& check, const Secret& password, const Secret& hash) {
  try {
    return check(password, hash);
  } catch (const std::exception&) {
    return false;
  }
}

// A thread with all signals blocked: they belong to the loop's.
template <typename Body>
bool start_detached(Body body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = true;
  try {
    std::thread(std::move(body)).detach();
  } catch (const std::system_error&) {
    started = false;  // the system's limit of threads
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

}  // namespace

bool bcrypt_matches(const Secret& password, const Secret& hash) {
  const auto work = std::make_unique<crypt_data>();
  const char* const made = crypt_r(password.reveal().c_str(), hash.reveal().c_str(), work.get());
  const bool right = made != nullptr && Secret(made) == hash;
  explicit_bzero(work.get(), sizeof *work);
  // crypt stops at a NUL: what is behind it would not count.
  return right && password.reveal().find('\0') == std::string::npos;
}

struct PasswordChecker::State {
  State(asio::any_io_executor e, Check c) : executor(std::move(e)), check(std::move(c)) {
    door->executor = executor;
  }

  // Whoever is next, if anybody.
  void next() {
    if (waiting.empty()) {
      busy = false;
      return;
    }
    waiting.front()->ring();
    waiting.pop_front();
  }

  asio::any_io_executor executor;
  Check check;
  std::shared_ptr<Door> door = std::make_shared<Door>();
  bool busy = false;
  std::deque<std::shared_ptr<Bell>> waiting;
};

PasswordChecker::PasswordChecker(asio::any_io_executor executor, Check check)
    : state_(std::make_shared<State>(std::move(executor), std::move(check))) {}

PasswordChecker::~PasswordChecker() {
  const std::lock_guard hold(state_->door->mutex);
  state_->door->executor.reset();
}

asio::awaitable<std::optional<bool>> PasswordChecker::check(Secret password, Secret hash) {
  const std::shared_ptr<State> state = state_;
  const auto bell = std::make_shared<Bell>(state->executor);
  if (state->busy) {
    if (state->waiting.size() >= kWaiting) co_return std::nullopt;
    const auto turn = std::make_shared<Bell>(state->executor);
    state->waiting.push_back(turn);
    co_await wait_for(turn);
  }
  state->busy = true;
  const bool started =
      start_detached([door = state->door, check = state->check, to = std::weak_ptr<Bell>(bell),
                      password = std::move(password), hash = std::move(hash)]() mutable {
        door->answer(to, passes(check, password, hash));
      });
  if (started) co_await wait_for(bell);
  state->next();
  if (!started) co_return std::nullopt;
  co_return bell->right;
}

}  // namespace taskwatchd
