// Remembers which logins were valid or invalid, so that a scrape does not cost a bcrypt check each
// time. Valid and invalid ones have separate limits: an attacker who guesses cannot evict valid
// logins. No I/O.
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
  // of valid and of invalid logins; the oldest are removed
  static constexpr std::size_t kEach = 100;

  // `salt` is random: no precomputed table matches the hashes in memory.
  explicit LoginCache(std::string salt) : salt_(std::move(salt)) {}

  // Returns a unique key for the three values: each part's length is included, so that no two
  // combinations give the same text.
  std::string key(std::string_view user, const Secret& hash, const Secret& password) const;
  std::optional<bool> find(const std::string& key) const;
  void keep(const std::string& key, bool right);
  void clear();

 private:
  std::string salt_;
  std::map<std::string, bool> known_;
  std::deque<std::string> right_;  // oldest first
  std::deque<std::string> wrong_;
};

}  // namespace taskwatchd
