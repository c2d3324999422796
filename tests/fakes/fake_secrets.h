// The files and variables that contain credentials, as maps; a missing entry is absent, and a file
// can be made unreadable. Also the source of an account's own credential files and of the
// environment's.
#pragma once

#include <map>
#include <set>
#include <string>

#include "ports.h"

namespace taskwatchd {

class FakeSecrets : public LocalSecrets, public KeySource {
 public:
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;
  std::set<std::string> unreadable;

  LocalText file(const std::string& path, std::size_t limit) override {
    if (unreadable.contains(path)) return {{}, "cannot be read: Permission denied", false};
    const auto at = files.find(path);
    if (at == files.end()) return {{}, "cannot be read: No such file or directory", true};
    if (at->second.size() > limit) return {{}, "holds too much", false};
    return {Secret(at->second), {}, false};
  }
  Secret variable(const std::string& name) const override {
    const auto at = variables.find(name);
    return at == variables.end() ? Secret() : Secret(at->second);
  }
  std::variant<Keys, KeyError> keys(const AccountConfig& account) override {
    const CredentialsConfig& from = account.credentials;
    if (from.access_key_secret_file.empty()) {
      if (variables.contains("ALIBABA_CLOUD_ACCESS_KEY_ID") &&
          variables.contains("ALIBABA_CLOUD_ACCESS_KEY_SECRET")) {
        return Keys{variables.at("ALIBABA_CLOUD_ACCESS_KEY_ID"),
                    variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
                    variable("ALIBABA_CLOUD_SECURITY_TOKEN")};
      }
      return KeyError{"account `" + account.name + "`: half of the environment's keys"};
    }
    const LocalText secret = file(from.access_key_secret_file, 4096);
    if (!secret.problem.empty()) {
      return KeyError{"account `" + account.name + "`: " + from.access_key_secret_file + " " +
                      secret.problem};
    }
    return Keys{from.access_key_id, secret.text, Secret()};
  }
};

}  // namespace taskwatchd
