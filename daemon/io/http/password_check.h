// Passwords against bcrypt hashes: one at a time, each on a thread that ends with it, for a check
// takes a tenth of a second and more. Loop's thread; waiting is bounded.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "core/types/secret.h"

namespace taskwatchd {

// REQUIRES: `hash` has no bcrypt_problem (config/bcrypt.h): crypt(3) takes others for DES.
bool bcrypt_matches(const Secret& password, const Secret& hash);

class PasswordChecker {
 public:
  static constexpr std::size_t kWaiting = 16;  // beside the one that is being checked

  using Check = std::function<bool(const Secret& password, const Secret& hash)>;
  explicit PasswordChecker(boost::asio::any_io_executor executor, Check check = bcrypt_matches);
  ~PasswordChecker();  // takes no time: a check under way ends unheard
  PasswordChecker(const PasswordChecker&) = delete;
  PasswordChecker& operator=(const PasswordChecker&) = delete;

  // Nothing if too many wait already, or the system gives no thread.
  boost::asio::awaitable<std::optional<bool>> check(Secret password, Secret hash);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace taskwatchd
