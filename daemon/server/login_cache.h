// Which logins were right or wrong when they were last checked, so that a scrape does not cost a
// bcrypt each time. Right and wrong ones do not push each other out: whoever guesses cannot make
// those who know pay. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/types/secret.h"

namespace taskwatchd {

class LoginCache {
 public:
  static constexpr std::size_t kEach = 100;  // right ones, and wrong ones; the oldest go

  // `salt` is chance: what lies in memory is no hash that a table could have.
  explicit LoginCache(std::string salt) : salt_(std::move(salt)) {}

  // One for each combination of the three: the length of each part counts, so that no two
  // combinations make the same text.
  std::string key(std::string_view user, const Secret& hash, const Secret& password) const;
  std::optional<bool> find(const std::string& key) const;
  void keep(const std::string& key, bool right);
  void clear();

 private:
  std::string salt_;
  std::map<std::string, bool> known_;
  std::deque<std::string> right_;  // the oldest first
  std::deque<std::string> wrong_;
};

}  // namespace taskwatchd
