// Credentials of accounts from files or from the environment. Files are checked at most every 5 s,
// when credentials are requested: changed credentials are used within 30 s, without a thread or a
// file watch. Event-loop thread only; reads small local files. The environment is read once, in the
// constructor. Also gives the provider chain access to other files and variables, unmodified.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "config/key_text.h"
#include "ports.h"

namespace taskwatchd {

class KeyFiles : public KeySource, public LocalSecrets {
 public:
  static constexpr std::chrono::seconds kCheckInterval{5};
  // After its files become unreadable, an account's last valid credentials are used for this long:
  // editing a file in place empties it first.
  static constexpr std::chrono::seconds kGrace{20};

  using Steady = std::chrono::steady_clock::time_point;
  explicit KeyFiles(std::function<Steady()> now = std::chrono::steady_clock::now);

  std::variant<Keys, KeyError> keys(const AccountConfig& account) override;
  // Reads the account's files again at once. Returns true if they contain other credentials.
  bool refused(const AccountConfig& account, const Keys& keys) override;
  LocalText file(const std::string& path, std::size_t limit) override;
  Secret variable(const std::string& name) const override;
  // Removes the credentials of accounts that are no longer configured. Call it after a reload.
  void keep_only(const Config& config);

 private:
  struct Cached {
    CredentialsConfig credentials;
    std::variant<Keys, KeyError> keys;
    Steady checked_at;
    Steady good_at;  // only meaningful while `keys` holds Keys
  };
  std::variant<Keys, KeyError> read(const AccountConfig& account) const;
  std::variant<Keys, KeyError> from_environment(const std::string& account) const;

  std::function<Steady()> now_;
  std::optional<KeyText> environment_id_;  // nullopt: the variable is not set or empty
  std::optional<KeyText> environment_secret_;
  std::optional<KeyText> environment_token_;
  std::map<std::string, Secret> variables_;  // those of the provider chain that are set
  std::map<std::string, Cached> cached_;     // by account, one each
};

}  // namespace taskwatchd
