#include "io/key_files.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace taskwatchd {
namespace {

// The names that Alibaba Cloud's own tools read.
constexpr const char* kIdVariable = "ALIBABA_CLOUD_ACCESS_KEY_ID";
constexpr const char* kSecretVariable = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
constexpr const char* kTokenVariable = "ALIBABA_CLOUD_SECURITY_TOKEN";

KeyText failed(int error) {
  return {{},
          "cannot be read: " + std::generic_category().message(error) +
              "; check the path, and that the user taskwatchd runs as may read it"};
}

// Reads into one buffer that is wiped: a growing string would leave copies behind.
KeyText read_key(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return failed(errno);
  struct stat status {};
  KeyText key;
  std::array<char, kMaxKeyBytes + 1> buffer;  // one more shows that the file is too long
  std::size_t size = 0;
  if (::fstat(fd, &status) != 0) {
    key = failed(errno);
  } else if (!S_ISREG(status.st_mode)) {
    key.problem = "is not a regular file; name the file that holds the key";
  }
  while (key.problem.empty() && size < buffer.size()) {
    const ssize_t got = ::read(fd, buffer.data() + size, buffer.size() - size);
    if (got == 0) break;
    if (got > 0) {
      size += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      key = failed(errno);
    }
  }
  ::close(fd);
  if (key.problem.empty()) key = clean_key_text({buffer.data(), size});
  explicit_bzero(buffer.data(), buffer.size());
  return key;
}

std::optional<KeyText> read_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return clean_key_text(value);
}

}  // namespace

KeyFiles::KeyFiles(std::function<Steady()> now)
    : now_(std::move(now)),
      environment_id_(read_variable(kIdVariable)),
      environment_secret_(read_variable(kSecretVariable)),
      environment_token_(read_variable(kTokenVariable)) {}

std::variant<Keys, KeyError> KeyFiles::keys(const AccountConfig& account) {
  const Steady now = now_();
  const auto at = cached_.find(account.name);
  const bool known = at != cached_.end() && at->second.credentials == account.credentials;
  if (known && now - at->second.looked_at < kLookInterval) return at->second.keys;
  std::variant<Keys, KeyError> fresh = read(account);
  const bool good = std::holds_alternative<Keys>(fresh);
  if (known && !good && std::holds_alternative<Keys>(at->second.keys) &&
      now - at->second.good_at < kGrace) {
    at->second.looked_at = now;
    return at->second.keys;
  }
  Cached& cached = cached_[account.name];
  cached = {account.credentials, std::move(fresh), now, now};
  return cached.keys;
}

void KeyFiles::keep_only(const Config& config) {
  std::erase_if(cached_, [&](const auto& entry) {
    return std::none_of(config.accounts.begin(), config.accounts.end(),
                        [&](const AccountConfig& account) { return account.name == entry.first; });
  });
}

std::variant<Keys, KeyError> KeyFiles::read(const AccountConfig& account) const {
  const CredentialsConfig& credentials = account.credentials;
  if (credentials == CredentialsConfig{}) return from_environment(account.name);
  Keys keys;
  keys.access_key_id = credentials.access_key_id;
  const auto fail = [&](const char* key, const std::string& path, const KeyText& text) {
    return KeyError{"account `" + account.name + "`: `" + key + "` " + path + " " + text.problem};
  };
  if (!credentials.access_key_id_file.empty()) {
    const KeyText text = read_key(credentials.access_key_id_file);
    if (!text.problem.empty()) {
      return fail("access_key_id_file", credentials.access_key_id_file, text);
    }
    keys.access_key_id = text.value.reveal();
  }
  KeyText secret = read_key(credentials.access_key_secret_file);
  if (!secret.problem.empty()) {
    return fail("access_key_secret_file", credentials.access_key_secret_file, secret);
  }
  keys.access_key_secret = std::move(secret.value);
  if (!credentials.security_token_file.empty()) {
    KeyText token = read_key(credentials.security_token_file);
    if (!token.problem.empty()) {
      return fail("security_token_file", credentials.security_token_file, token);
    }
    keys.security_token = std::move(token.value);
  }
  return keys;
}

std::variant<Keys, KeyError> KeyFiles::from_environment(const std::string& account) const {
  const std::string who = "account `" + account + "`: ";
  if (!environment_id_ && !environment_secret_) {
    return KeyError{who + "no keys: give `credentials` in the configuration, or set " +
                    kIdVariable + " and " + kSecretVariable};
  }
  if (!environment_id_ || !environment_secret_) {
    const bool lacks_id = !environment_id_;
    return KeyError{who + (lacks_id ? kSecretVariable : kIdVariable) + " is set but " +
                    (lacks_id ? kIdVariable : kSecretVariable) + " is not; set both"};
  }
  const std::pair<const char*, const std::optional<KeyText>&> variables[] = {
      {kIdVariable, environment_id_},
      {kSecretVariable, environment_secret_},
      {kTokenVariable, environment_token_}};
  for (const auto& [name, text] : variables) {
    if (text && !text->problem.empty()) return KeyError{who + name + " " + text->problem};
  }
  Keys keys;
  keys.access_key_id = environment_id_->value.reveal();
  keys.access_key_secret = environment_secret_->value;
  if (environment_token_) keys.security_token = environment_token_->value;
  return keys;
}

}  // namespace taskwatchd
