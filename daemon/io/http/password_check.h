// Checks passwords against bcrypt hashes: one at a time, each on a separate thread, because a check
// takes 0.1 s or more. login_turns decides the order. Event-loop thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/types/secret.h"
#include "ports.h"

namespace taskwatchd {

// REQUIRES: bcrypt_problem (config/bcrypt.h) accepts `hash`: crypt(3) takes other texts for DES.
bool bcrypt_matches(const Secret& password, const Secret& hash);

class PasswordChecker {
 public:
  // Maximum wait for a turn. Clients have given up by then, and would occupy places for nothing.
  static constexpr Duration kLongestWait = std::chrono::seconds(10);

  using Check = std::function<bool(const Secret& password, const Secret& hash)>;
  // All references must outlive this object.
  PasswordChecker(const boost::asio::any_io_executor& executor, Clock& clock,
                  Check check = bcrypt_matches);
  ~PasswordChecker();  // does not block: the result of a check in progress is discarded
  PasswordChecker(const PasswordChecker&) = delete;
  PasswordChecker& operator=(const PasswordChecker&) = delete;

  struct Question {
    std::string client;  // a text that identifies one client
    Secret password;
    Secret hash;
    // A wrong password takes the time of a hash of this cost, so that the time does not reveal the
    // cost of `hash`. A hash of a higher cost takes its own time.
    int cost = 0;
  };
  // Returns nullopt if no place is free, the turn does not come in time, or the system cannot
  // create a thread.
  Awaitable<std::optional<bool>> check(Question question);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace taskwatchd
