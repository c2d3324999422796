#include "io/files/key_files.h"

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

// The variables that Alibaba Cloud's own tools read.
constexpr const char* kIdVariable = "ALIBABA_CLOUD_ACCESS_KEY_ID";
constexpr const char* kSecretVariable = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
constexpr const char* kTokenVariable = "ALIBABA_CLOUD_SECURITY_TOKEN";

// All variables that select the source in the provider chain; those above are its first source.
constexpr std::array<const char*, 19> kChainVariables = {kIdVariable,
                                                         kSecretVariable,
                                                         "ALIBABA_CLOUD_CLI_PROFILE_DISABLED",
                                                         "ALIBABA_CLOUD_CONFIG_FILE",
                                                         "ALIBABA_CLOUD_CREDENTIALS_FILE",
                                                         "ALIBABA_CLOUD_CREDENTIALS_URI",
                                                         "ALIBABA_CLOUD_ECS_METADATA",
                                                         "ALIBABA_CLOUD_ECS_METADATA_DISABLED",
                                                         "ALIBABA_CLOUD_IMDSV1_DISABLED",
                                                         "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
                                                         "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
                                                         "ALIBABA_CLOUD_PROFILE",
                                                         "ALIBABA_CLOUD_ROLE_ARN",
                                                         "ALIBABA_CLOUD_ROLE_SESSION_NAME",
                                                         "ALIBABA_CLOUD_STS_REGION",
                                                         "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED",
                                                         "HOME",
                                                         "TASKWATCHD_TEST_IMDS_URL",
                                                         "TASKWATCHD_TEST_STS_URL"};

LocalText failed(int error) {
  return {{},
          "cannot be read: " + std::generic_category().message(error) +
              "; check the path, and that the user of taskwatchd can read it",
          error == ENOENT || error == ENOTDIR};
}

// Reads into one buffer that becomes the secret: a growing string would leave copies in memory. A
// longer file is returned with `limit` + 1 bytes.
LocalText read_secret(const std::string& path, std::size_t limit) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return failed(errno);
  struct stat status {};
  LocalText file;
  std::string buffer(limit + 1, '\0');
  std::size_t size = 0;
  if (::fstat(fd, &status) != 0) {
    file = failed(errno);
  } else if (!S_ISREG(status.st_mode)) {
    file.problem = "is not a regular file; set the path of the file that contains the value";
  }
  while (file.problem.empty() && size < buffer.size()) {
    const ssize_t got = ::read(fd, buffer.data() + size, buffer.size() - size);
    if (got == 0) break;
    if (got > 0) {
      size += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      file = failed(errno);
    }
  }
  ::close(fd);
  buffer.resize(size);
  Secret text(std::move(buffer));
  if (file.problem.empty()) file.text = std::move(text);
  return file;
}

KeyText read_key(const std::string& path) {
  LocalText file = read_secret(path, kMaxKeyBytes);
  if (!file.problem.empty()) return {{}, std::move(file.problem)};
  return clean_key_text(file.text.reveal());
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
      environment_token_(read_variable(kTokenVariable)) {
  for (const char* name : kChainVariables) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') variables_.emplace(name, Secret(value));
  }
}

std::variant<Keys, KeyError> KeyFiles::keys(const AccountConfig& account) {
  const Steady now = now_();
  const auto at = cached_.find(account.name);
  const bool known = at != cached_.end() && at->second.credentials == account.credentials;
  if (known && now - at->second.checked_at < kCheckInterval) return at->second.keys;
  std::variant<Keys, KeyError> fresh = read(account);
  const bool good = std::holds_alternative<Keys>(fresh);
  if (known && !good && std::holds_alternative<Keys>(at->second.keys) &&
      now - at->second.good_at < kGrace) {
    at->second.checked_at = now;
    return at->second.keys;
  }
  Cached& cached = cached_[account.name];
  cached = {account.credentials, std::move(fresh), now, now};
  return cached.keys;
}

bool KeyFiles::refused(const AccountConfig& account, const Keys& keys) {
  const auto at = cached_.find(account.name);
  if (at != cached_.end()) at->second.checked_at = now_() - kCheckInterval;
  const auto fresh = this->keys(account);
  const auto* others = std::get_if<Keys>(&fresh);
  return others != nullptr && !(*others == keys);
}

LocalText KeyFiles::file(const std::string& path, std::size_t limit) {
  LocalText file = read_secret(path, limit);
  if (file.text.reveal().size() > limit) {
    return {
        {}, "contains more than " + std::to_string(limit) + " bytes; is it the right file?", false};
  }
  return file;
}

Secret KeyFiles::variable(const std::string& name) const {
  const auto at = variables_.find(name);
  return at == variables_.end() ? Secret() : at->second;
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
  if (!credentials.security_token_file.empty() && is_temporary_id(keys.access_key_id)) {
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
    return KeyError{who + "no credentials: set `credentials` in the configuration, or set " +
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
  const bool takes_token = is_temporary_id(environment_id_->value.reveal());
  for (const auto& [name, text] : variables) {
    if (name == kTokenVariable && !takes_token) continue;
    if (text && !text->problem.empty()) return KeyError{who + name + " " + text->problem};
  }
  Keys keys;
  keys.access_key_id = environment_id_->value.reveal();
  keys.access_key_secret = environment_secret_->value;
  if (environment_token_ && takes_token) {
    keys.security_token = environment_token_->value;
  }
  return keys;
}

}  // namespace taskwatchd
