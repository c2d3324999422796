#include "io/http/password_check.h"

#include <crypt.h>
#include <string.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "io/off_loop.h"

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

// Without the memory for it nobody is let in.
bool passes(const PasswordChecker::Check& check, const Secret& password, const Secret& hash) {
  try {
    return check(password, hash);
  } catch (const std::exception&) {
    return false;
  }
}

// The bell belongs to the loop: the thread holds only a weak pointer.
struct CheckEnd {
  std::weak_ptr<Bell> to;
  bool right;
  void operator()() const {
    if (const auto bell = to.lock()) {
      bell->right = right;
      bell->ring();
    }
  }
};

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
  State(asio::any_io_executor e, Check c)
      : executor(std::move(e)), check(std::move(c)), mailbox(std::make_shared<Mailbox>(executor)) {}

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
  std::shared_ptr<Mailbox> mailbox;  // the threads share it
  bool busy = false;
  std::deque<std::shared_ptr<Bell>> waiting;
};

PasswordChecker::PasswordChecker(asio::any_io_executor executor, Check check)
    : state_(std::make_shared<State>(std::move(executor), std::move(check))) {}

PasswordChecker::~PasswordChecker() {
  state_->mailbox->shut();
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
  bool started = true;
  try {
    auto work = [mailbox = state->mailbox, check = state->check, to = std::weak_ptr<Bell>(bell),
                 password = std::move(password), hash = std::move(hash)] {
      mailbox->post(CheckEnd{to, passes(check, password, hash)});
    };
    start_thread(std::move(work)).detach();
  } catch (const std::exception&) {
    started = false;  // no memory, or the system's limit of threads
  }
  if (started) co_await wait_for(bell);
  state->next();
  if (!started) co_return std::nullopt;
  co_return bell->right;
}

}  // namespace taskwatchd
