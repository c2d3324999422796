// Stands before all pages when the web configuration asks for it: who may ask (basic
// authentication) and how often. Loop's thread; passwords are checked beside it.
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

// What an Authorization header of the kind Basic says; nothing for any other.
struct Login {
  std::string user;
  Secret password;
};
std::optional<Login> read_login(const std::string& authorization);

class WebGuard {
 public:
  // `refused` is told the status of each refusal.
  WebGuard(boost::asio::any_io_executor executor, Clock& clock, Entropy& entropy,
           std::function<void(int)> refused, PasswordChecker::Check check = bcrypt_matches);

  // From now on. With other users, or other passwords, what was known of logins is forgotten.
  void take(const WebConfig& config);
  // Whether there is anything to guard.
  bool stands() const { return !users_.empty() || limit_.interval > Duration::zero(); }

  // At once where the login was seen before. Must not be outlived by what it returns, save to be
  // destroyed.
  std::variant<WebRefusal, Awaitable<WebRefusal>> admit(const WebRequest& request);

 private:
  struct Pending;
  // By client and the cache's key.
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
  std::shared_ptr<Checks> checks_ = std::make_shared<Checks>();  // under way
  std::map<std::string, Secret> users_;
  int cost_ = 0;   // of the slowest user, at most kMaxQuickBcryptCost
  Secret nobody_;  // takes as long
  WebRateLimit limit_;
  double tokens_ = 0;
  Mono filled_{};
};

}  // namespace taskwatchd
