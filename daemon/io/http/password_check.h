// Passwords against bcrypt hashes: one at a time, each on a thread that ends with it, because a
// check takes a tenth of a second and more. Whose turn it is: login_turns. Event-loop thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/types/secret.h"
#include "ports.h"

namespace taskwatchd {

// REQUIRES: `hash` has no bcrypt_problem (config/bcrypt.h): crypt(3) takes others for DES.
bool bcrypt_matches(const Secret& password, const Secret& hash);

class PasswordChecker {
 public:
  // For a turn. Clients have given up by then, and would hold their places for nothing.
  static constexpr Duration kLongestWait = std::chrono::seconds(10);

  using Check = std::function<bool(const Secret& password, const Secret& hash)>;
  // Both must outlive this.
  PasswordChecker(const boost::asio::any_io_executor& executor, Clock& clock,
                  Check check = bcrypt_matches);
  ~PasswordChecker();  // takes no time: a check under way ends unheard
  PasswordChecker(const PasswordChecker&) = delete;
  PasswordChecker& operator=(const PasswordChecker&) = delete;

  struct Question {
    std::string client;  // who asks, a text that stands for one client
    Secret password;
    Secret hash;
    // A wrong password takes the work of a hash of this cost, so that its time does not show the
    // cost of `hash`. A hash that costs more takes its own time.
    int cost = 0;
  };
  // Nullopt if there is no place, the turn does not come in time, or the system gives no thread.
  Awaitable<std::optional<bool>> check(Question question);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace taskwatchd
