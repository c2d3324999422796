// Guards all routes if the web configuration requires it: basic authentication and a rate limit.
// Event-loop thread only; passwords are checked on another thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "config/web_config.h"
#include "io/http/http_server.h"
#include "io/http/password_check.h"
#include "ports.h"
#include "server/login_cache.h"

namespace taskwatchd {

// The content of a Basic Authorization header; nullopt for any other.
struct Login {
  std::string user;
  Secret password;
};
std::optional<Login> read_login(const std::string& authorization);

class WebGuard {
 public:
  // `refused` is called with the status of each rejection.
  WebGuard(boost::asio::any_io_executor executor, Clock& clock, Entropy& entropy,
           std::function<void(int)> refused, PasswordChecker::Check check = bcrypt_matches);

  // Applies a configuration. If users or passwords changed, the cached logins are discarded.
  void take(const WebConfig& config);
  // True if there is anything to enforce.
  bool stands() const { return !users_.empty() || limit_.interval > Duration::zero(); }

  // The user of an admitted request; empty without users.
  std::string user_of(const WebRequest& request) const;

  // Returns the result at once if the login is cached. This object must outlive the returned
  // coroutine, except for its destruction.
  std::variant<WebRefusal, Awaitable<WebRefusal>> admit(const WebRequest& request);

 private:
  struct Pending;
  // By client and login cache key.
  using Checks = std::map<std::pair<std::string, std::string>, std::shared_ptr<Pending>>;
  bool too_often();
  WebRefusal refuse(int status) const;
  Awaitable<WebRefusal> check(std::string client, Login login, Secret hash, bool listed,
                              std::string key);

  boost::asio::any_io_executor executor_;
  Clock& clock_;
  std::function<void(int)> refused_;
  PasswordChecker checker_;
  LoginCache cache_;
  std::shared_ptr<Checks> checks_ = std::make_shared<Checks>();  // running
  std::map<std::string, Secret> users_;
  int cost_ = 0;   // of the slowest user, at most kMaxQuickBcryptCost
  Secret nobody_;  // hash for unknown users, whose check takes equally long
  WebRateLimit limit_;
  double tokens_ = 0;
  Mono filled_{};
};

}  // namespace taskwatchd
