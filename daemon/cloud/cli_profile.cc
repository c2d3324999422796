// Parser of the Alibaba Cloud CLI's ~/.aliyun/config.json: {"current": NAME, "profiles": [{"name":
// NAME, "mode": MODE, ...}]}
#include <simdjson.h>

#include <charconv>

#include "cloud/credential_profile.h"
#include "config/characters.h"
#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t kMaxDepth = 32;  // levels of the JSON document
// length of a chain of profiles, each the source of the next one's credentials
constexpr int kMaxSources = 4;

std::string scalar(const object& profile, std::string_view name) {
  element value;
  if (profile.at_key(name).get(value) != simdjson::SUCCESS) return {};
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  if (value.is_bool()) return value.get_bool().value_unsafe() ? "true" : "false";
  return value.is_int64() || value.is_uint64() ? simdjson::minify(value) : std::string();
}

class CliFile {
 public:
  CliFile(const object& root, const CredentialDefaults& defaults)
      : root_(root), defaults_(defaults) {}

  KeyCandidate profile(const std::string& name, int depth) const {
    const std::string source = "profile " + shown_name(name) + " of " + defaults_.file;
    object found;
    const bool there = find(name, found);
    const ProfileReader reader(
        source,
        [&found](std::string_view key) -> std::optional<std::string> {
          std::string text = scalar(found, key);
          if (text.empty()) return std::nullopt;
          return text;
        },
        defaults_);
    if (!there) return reader.fail("does not exist; add it, or set ALIBABA_CLOUD_PROFILE");
    const std::string mode = reader.find("mode").value_or("");
    if (mode == "AK") return reader.keys("", false);
    if (mode == "StsToken") return reader.keys("sts_token", true);
    if (mode == "EcsRamRole") return reader.ecs_role("ram_role_name");
    if (mode == "OIDC") {
      return reader.oidc_role("ram_role_arn", "ram_session_name", "expired_seconds",
                              "oidc_token_file");
    }
    if (mode == "RamRoleArn" || mode == "ChainableRamRoleArn") {
      const KeyCandidate signer =
          mode == "RamRoleArn" ? reader.keys("sts_token", false) : source_profile(reader, depth);
      if (!signer.problem.empty()) return signer;
      return reader.assume_role(signer, "ram_role_arn", "ram_session_name", "expired_seconds");
    }
    if (mode == "CredentialsURI") {
      const auto uri = reader.find("credentials_uri");
      if (!uri) return reader.fail("has no `credentials_uri`; set it");
      return uri_candidate(source, *uri);
    }
    return cached_keys(reader, mode);
  }

 private:
  // Returns the temporary credentials that the CLI cached in a mode that only the CLI supports.
  KeyCandidate cached_keys(const ProfileReader& reader, const std::string& mode) const {
    const std::string expiration = reader.find("sts_expiration").value_or("");
    std::int64_t ends = 0;  // Unix seconds
    std::from_chars(expiration.data(), expiration.data() + expiration.size(), ends);
    const bool is_cached = ends > 0 && reader.find("sts_token");
    const auto least = std::chrono::floor<std::chrono::seconds>(defaults_.now) + kLeastCachedLife;
    if (is_cached && ends > least.time_since_epoch().count()) return reader.keys("sts_token", true);
    if (is_cached) {
      return reader.fail("has mode " + shown_name(mode) +
                         ", whose keys the CLI has cached, and they have expired; renew them by a "
                         "call of `aliyun` with this profile, such as `aliyun sts "
                         "GetCallerIdentity`");
    }
    return reader.fail("has mode " + shown_name(mode) +
                       ", which taskwatchd does not support; use AK, StsToken, RamRoleArn, "
                       "ChainableRamRoleArn, EcsRamRole or OIDC");
  }

  KeyCandidate source_profile(const ProfileReader& reader, int depth) const {
    const auto name = reader.find("source_profile");
    if (!name) return reader.fail("has no `source_profile`; set it");
    if (depth >= kMaxSources) {
      return reader.fail("takes its credentials from a chain of more than " +
                         std::to_string(kMaxSources) + " profiles, or from itself; shorten it");
    }
    return profile(*name, depth + 1);
  }

  bool find(const std::string& name, object& found) const {
    simdjson::dom::array profiles;
    if (root_.at_key("profiles").get_array().get(profiles) != simdjson::SUCCESS) return false;
    for (const element each : profiles) {
      object profile;
      if (each.get_object().get(profile) != simdjson::SUCCESS) continue;
      if (scalar(profile, "name") != name) continue;
      found = profile;
      return true;
    }
    return false;
  }

  object root_;
  const CredentialDefaults& defaults_;
};

}  // namespace

KeyCandidate parse_cli_profile(std::string_view json, const CredentialDefaults& defaults) {
  const ProfileReader whole(
      defaults.file, [](std::string_view) { return std::nullopt; }, defaults);
  if (json.size() > kCredentialFileLimit) return whole.fail("is longer than 64 KiB; shorten it");
  const MarkedText marked = without_mark(json);
  if (marked.problem != nullptr) return whole.fail(marked.problem);
  json = marked.text;
  simdjson::dom::parser parser;
  object root;
  if (parser.allocate(json.size() + 1, kMaxDepth) != simdjson::SUCCESS ||
      parser.parse(json.data(), json.size()).get_object().get(root) != simdjson::SUCCESS) {
    return whole.fail("is not a JSON object; create it again with `aliyun configure`");
  }
  std::string name = defaults.profile.empty() ? scalar(root, "current") : defaults.profile;
  if (name.empty()) {
    return whole.fail("has no `current` profile; set one, or set ALIBABA_CLOUD_PROFILE");
  }
  return CliFile(root, defaults).profile(name, 0);
}

}  // namespace taskwatchd
