// Accounts' keys from files or from the environment. Files are looked at again every 5 s at most,
// when keys are asked for: a changed key is used within 30 s, and there is no thread and no watch.
// Loop's thread only; reads small local files. The environment is read once, when this is made.
// Also the chain's way to other files and variables, which are given as they are.
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
  static constexpr std::chrono::seconds kLookInterval{5};
  // Keys that were good are used this long after their files cannot be read: whoever changes a file
  // in place empties it first.
  static constexpr std::chrono::seconds kGrace{20};

  using Steady = std::chrono::steady_clock::time_point;
  explicit KeyFiles(std::function<Steady()> now = std::chrono::steady_clock::now);

  std::variant<Keys, KeyError> keys(const AccountConfig& account) override;
  // Reads the account's files at once. True if they hold other keys than those.
  bool refused(const AccountConfig& account, const Keys& keys) override;
  LocalText file(const std::string& path, std::size_t limit) override;
  Secret variable(const std::string& name) const override;
  // Forgets the keys of accounts that are listed no longer. Call it after a reload.
  void keep_only(const Config& config);

 private:
  struct Cached {
    CredentialsConfig credentials;
    std::variant<Keys, KeyError> keys;
    Steady looked_at;
    Steady good_at;  // only meaningful while `keys` holds Keys
  };
  std::variant<Keys, KeyError> read(const AccountConfig& account) const;
  std::variant<Keys, KeyError> from_environment(const std::string& account) const;

  std::function<Steady()> now_;
  std::optional<KeyText> environment_id_;  // nothing: the variable is not set or empty
  std::optional<KeyText> environment_secret_;
  std::optional<KeyText> environment_token_;
  std::map<std::string, Secret> variables_;  // of the provider chain, those that are set
  std::map<std::string, Cached> cached_;     // by account; one each
};

}  // namespace taskwatchd
