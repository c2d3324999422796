#include "io/http/password_check.h"

#include <crypt.h>
#include <string.h>

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

#include "config/bcrypt.h"
#include "io/http/login_turns.h"
#include "io/off_loop.h"

namespace taskwatchd {
namespace {

// A coroutine that waits for its turn, then for the end of its check.
struct Waiter {
  explicit Waiter(Clock& clock) : alarm(clock.make_alarm()) {}
  void end(std::optional<bool> how) {
    result = how;
    over = true;
    alarm->ring();
  }
  std::unique_ptr<Alarm> alarm;
  bool is_next = false;
  bool over = false;
  std::optional<bool> result;  // nullopt: not checked
};

// If memory is exhausted, the login is rejected.
bool passes(const PasswordChecker::Check& check, const PasswordChecker::Question& question) {
  try {
    if (check(question.password, question.hash)) return true;
    // 2^c rounds are done. 2^c + 2^(c+1) + ... + 2^(cost-1) more make 2^cost.
    for (int cost = bcrypt_cost(question.hash.reveal()); cost < question.cost; ++cost) {
      check(question.password, Secret(bcrypt_of_nobody(cost)));
    }
  } catch (const std::exception&) {
  }
  return false;
}

// The event loop owns the waiter: the thread holds only a weak pointer.
struct CheckEnd {
  std::weak_ptr<Waiter> to;
  bool right;
  void operator()() const {
    if (const auto waiter = to.lock()) waiter->end(right);
  }
};

}  // namespace

bool bcrypt_matches(const Secret& password, const Secret& hash) {
  const auto work = std::make_unique<crypt_data>();
  const char* const made = crypt_r(password.reveal().c_str(), hash.reveal().c_str(), work.get());
  const bool right = made != nullptr && Secret(made) == hash;
  explicit_bzero(work.get(), sizeof *work);
  // crypt stops at a NUL: the bytes after it would be ignored.
  return right && password.reveal().find('\0') == std::string::npos;
}

struct PasswordChecker::State {
  State(const boost::asio::any_io_executor& executor, Clock& c, Check with)
      : clock(c), check(std::move(with)), mailbox(std::make_shared<Mailbox>(executor)) {}

  // Starts the next check, if none is in progress.
  void call_next() {
    while (!busy) {
      const auto turn = turns.next(clock.now().mono);
      if (!turn) return;
      const std::shared_ptr<Waiter> called = take(*turn);
      if (!called) continue;  // no memory for it
      busy = true;
      called->is_next = true;
      called->alarm->ring();
    }
  }
  // Returns nullptr if memory is exhausted.
  std::shared_ptr<Waiter> take(LoginTurns::Turn turn) {
    const auto found = waiting.find(turn);
    if (found == waiting.end()) return nullptr;
    std::shared_ptr<Waiter> waiter = std::move(found->second);
    waiting.erase(found);
    return waiter;
  }
  // If memory is exhausted, the guess is not counted.
  void checked(const std::string& client, bool right) {
    try {
      for (const auto turn : turns.checked(client, right, clock.now().mono)) {
        if (const auto waiter = take(turn)) waiter->end(std::nullopt);
      }
    } catch (const std::exception&) {
    }
  }

  Clock& clock;
  Check check;
  std::shared_ptr<Mailbox> mailbox;  // shared with the threads
  LoginTurns turns;
  std::map<LoginTurns::Turn, std::shared_ptr<Waiter>> waiting;
  bool busy = false;
};

PasswordChecker::PasswordChecker(const boost::asio::any_io_executor& executor, Clock& clock,
                                 Check check)
    : state_(std::make_shared<State>(executor, clock, std::move(check))) {}

PasswordChecker::~PasswordChecker() {
  state_->mailbox->shut();
}

Awaitable<std::optional<bool>> PasswordChecker::check(Question question) {
  const std::shared_ptr<State> state = state_;
  const std::string client = question.client;
  const LoginTurns::Entry entry = state->turns.enter(client, state->clock.now().mono);
  if (const auto displaced = entry.displaced ? state->take(*entry.displaced) : nullptr) {
    displaced->end(std::nullopt);
  }
  if (!entry.turn) co_return std::nullopt;
  const auto waiter = std::make_shared<Waiter>(state->clock);
  state->waiting.emplace(*entry.turn, waiter);
  state->call_next();
  const Mono until = state->clock.now().mono + PasswordChecker::kLongestWait;
  while (!waiter->is_next) {
    const Mono ready = state->turns.ready_at(*entry.turn);
    const bool delayed = ready > state->clock.now().mono;
    co_await waiter->alarm->wait_until(delayed ? std::min(ready, until) : until);
    if (waiter->over) co_return std::nullopt;
    if (!waiter->is_next && state->clock.now().mono >= until) {
      state->turns.leave(*entry.turn, state->clock.now().mono);
      state->waiting.erase(*entry.turn);
      co_return std::nullopt;
    }
    state->call_next();
  }
  try {
    auto work = [mailbox = state->mailbox, check = state->check, to = std::weak_ptr<Waiter>(waiter),
                 question = std::move(question)] {
      mailbox->post(CheckEnd{to, passes(check, question)});
    };
    start_thread(std::move(work)).detach();
  } catch (const std::exception&) {
    waiter->over = true;  // no memory, or the system's thread limit
  }
  while (!waiter->over) co_await waiter->alarm->wait_until(Mono::max());
  if (waiter->result) state->checked(client, *waiter->result);
  state->busy = false;
  state->call_next();
  // The delay of waiting logins may have changed: each sets its alarm again.
  for (const auto& [turn, other] : state->waiting) other->alarm->ring();
  co_return waiter->result;
}

}  // namespace taskwatchd
