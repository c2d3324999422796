#include "server/login_cache.h"

#include "cloud/signer.h"

namespace taskwatchd {
namespace {

void add(std::string& text, std::string_view part) {
  text += std::to_string(part.size()) + ':';
  text += part;
}

}  // namespace

std::string LoginCache::key(std::string_view user, const Secret& hash,
                            const Secret& password) const {
  std::string text;
  text.reserve(64 + salt_.size() + user.size() + hash.reveal().size() + password.reveal().size());
  for (const std::string_view part :
       {std::string_view(salt_), user, std::string_view(hash.reveal()),
        std::string_view(password.reveal())}) {
    add(text, part);
  }
  const Secret wiped(std::move(text));
  return sha256_hex(wiped.reveal());
}

std::optional<bool> LoginCache::find(const std::string& key) const {
  const auto at = known_.find(key);
  return at == known_.end() ? std::nullopt : std::optional<bool>(at->second);
}

void LoginCache::keep(const std::string& key, bool right) {
  if (!known_.emplace(key, right).second) return;
  std::deque<std::string>& kind = right ? right_ : wrong_;
  kind.push_back(key);
  if (kind.size() <= kEach) return;
  known_.erase(kind.front());
  kind.pop_front();
}

void LoginCache::clear() {
  known_.clear();
  right_.clear();
  wrong_.clear();
}

}  // namespace taskwatchd
