#include "credentials/credential_sources.h"

#include <memory>
#include <optional>
#include <utility>

#include "config/characters.h"
#include "config/ids.h"
#include "config/url.h"
#include "core/types/ascii.h"
#include "core/types/trim.h"

namespace taskwatchd {
namespace {

KeyCandidate problem_of(std::string source, const std::string& problem) {
  KeyCandidate candidate;
  candidate.recipe.source = std::move(source);
  candidate.problem = candidate.recipe.source + " " + problem;
  return candidate;
}

// Assumes the role of the configuration with the given source credentials.
KeyCandidate with_role(KeyCandidate signer, const RoleConfig& role, const std::string& sts) {
  if (!signer.problem.empty()) return signer;
  KeyCandidate candidate;
  candidate.recipe.kind = KeyRecipe::Kind::kAssumeRole;
  candidate.recipe.source = "`assume_role` with source credentials from " + signer.recipe.source;
  candidate.recipe.role = role;
  candidate.recipe.sts_url = sts;
  candidate.recipe.signer = std::make_shared<const KeyRecipe>(std::move(signer.recipe));
  return candidate;
}

}  // namespace

CredentialSources::CredentialSources(KeySource& files, LocalSecrets& local)
    : files_(files), local_(local) {
  const std::string region = variable("ALIBABA_CLOUD_STS_REGION");
  if (region.empty() || is_region(region)) {
    sts_url_ = sts_url(region, is_set("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED"));
  } else {
    problem_ = "cannot be used: ALIBABA_CLOUD_STS_REGION is not a valid region such as cn-shanghai";
  }
  const std::string test_sts = test_url("TASKWATCHD_TEST_STS_URL");
  sts_url_is_test_ = !test_sts.empty();
  if (sts_url_is_test_) sts_url_ = test_sts;
  const std::string test_metadata = test_url("TASKWATCHD_TEST_IMDS_URL");
  metadata_url_ = test_metadata.empty() ? kMetadataUrl : test_metadata;
}

// Accepts only URLs that cannot send credentials to another host.
std::string CredentialSources::test_url(const char* name) {
  std::string url = variable(name);
  if (url.empty()) return {};
  if (url.starts_with("http://") && !endpoint_problem(url)) return url;
  problem_ = "cannot be used: " + std::string(name) +
             " is for tests and accepts only http://127.0.0.1:PORT; remove it";
  return {};
}

std::string CredentialSources::variable(const char* name) const {
  return std::string(without_quotes(trim(local_.variable(name).reveal())));
}

bool CredentialSources::is_set(const char* name) const {
  const std::string value = variable(name);
  return value == "1" || is_word(value, "true");
}

CredentialDefaults CredentialSources::defaults(std::string file, Wall now) const {
  return {.file = std::move(file),
          .profile = variable("ALIBABA_CLOUD_PROFILE"),
          .sts_url = sts_url_,
          .sts_url_is_test = sts_url_is_test_,
          .now = now};
}

std::vector<KeyCandidate> CredentialSources::find(const AccountConfig& account, Wall now) {
  const CredentialsConfig& wanted = account.credentials;
  std::vector<KeyCandidate> all;
  if (wanted.has_keys()) {
    all.push_back(own_keys(account));
  } else if (!wanted.ecs_ram_role.empty()) {
    all.push_back(ecs_role(wanted.ecs_ram_role, "`ecs_ram_role`"));
  } else {
    all = chain(account, now);
  }
  if (wanted.assume_role) {
    for (KeyCandidate& each : all) each = with_role(each, *wanted.assume_role, sts_url_);
  }
  for (KeyCandidate& each : all) {
    const bool local = each.recipe.kind == KeyRecipe::Kind::kKeys;
    if (!local && each.problem.empty() && !problem_.empty()) {
      each = problem_of(each.recipe.source, problem_);
    }
  }
  return all;
}

std::vector<KeyCandidate> CredentialSources::chain(const AccountConfig& account, Wall now) {
  std::vector<KeyCandidate> all;
  if (!variable("ALIBABA_CLOUD_ACCESS_KEY_ID").empty() ||
      !variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET").empty()) {
    all.push_back(own_keys(account));
  }
  add_oidc(all);
  add_cli_profile(all, now);
  add_ini(all, now);
  if (!is_set("ALIBABA_CLOUD_ECS_METADATA_DISABLED")) {
    all.push_back(
        ecs_role(variable("ALIBABA_CLOUD_ECS_METADATA"), "the RAM role of the ECS instance"));
  }
  add_uri(all);
  return all;
}

// From the files that the account's configuration names, otherwise from the environment.
KeyCandidate CredentialSources::own_keys(const AccountConfig& account) {
  AccountConfig plain;
  plain.name = account.name;
  plain.credentials = account.credentials;
  plain.credentials.assume_role.reset();
  auto found = files_.keys(plain);
  KeyCandidate candidate;
  candidate.recipe.source = plain.credentials.has_keys() ? kKeyFilesSource : "the environment";
  if (auto* error = std::get_if<KeyError>(&found)) {
    const std::string who = "account `" + account.name + "`: ";
    candidate.problem = std::move(error->message);
    if (candidate.problem.starts_with(who)) candidate.problem.erase(0, who.size());
  } else {
    candidate.recipe.keys = std::get<Keys>(std::move(found));
  }
  return candidate;
}

void CredentialSources::add_oidc(std::vector<KeyCandidate>& all) {
  const std::string role = variable("ALIBABA_CLOUD_ROLE_ARN");
  const std::string provider = variable("ALIBABA_CLOUD_OIDC_PROVIDER_ARN");
  const std::string file = variable("ALIBABA_CLOUD_OIDC_TOKEN_FILE");
  if (role.empty() || provider.empty() || file.empty()) return;
  const std::string source = "OIDC of the environment";
  if (!is_role_arn(role)) {
    all.push_back(problem_of(source,
                             "cannot be used: ALIBABA_CLOUD_ROLE_ARN is not "
                             "acs:ram::ACCOUNT:role/NAME; correct it"));
    return;
  }
  KeyCandidate candidate;
  KeyRecipe& recipe = candidate.recipe;
  recipe.kind = KeyRecipe::Kind::kOidcRole;
  recipe.source = source;
  recipe.role.arn = role;
  if (const auto name = variable("ALIBABA_CLOUD_ROLE_SESSION_NAME"); !name.empty()) {
    recipe.role.session_name = name;
  }
  if (!is_session_name(recipe.role.session_name)) {
    all.push_back(problem_of(source,
                             "cannot be used: ALIBABA_CLOUD_ROLE_SESSION_NAME is not 2 to 64 of "
                             "A-Z, a-z, 0-9, ., @, - and _; correct it"));
    return;
  }
  recipe.sts_url = sts_url_;
  recipe.oidc_provider_arn = provider;
  recipe.token_file = file;
  all.push_back(std::move(candidate));
}

void CredentialSources::add_cli_profile(std::vector<KeyCandidate>& all, Wall now) {
  if (is_set("ALIBABA_CLOUD_CLI_PROFILE_DISABLED")) return;
  std::string path = variable("ALIBABA_CLOUD_CONFIG_FILE");
  const bool named = !path.empty();
  const std::string home = variable("HOME");
  if (!named && home.empty()) return;
  if (!named) path = home + "/.aliyun/config.json";
  const LocalText file = local_.file(path, kCredentialFileLimit);
  if (file.absent && !named) return;
  all.push_back(file.problem.empty() ? parse_cli_profile(file.text.reveal(), defaults(path, now))
                                     : problem_of(path, file.problem));
}

void CredentialSources::add_ini(std::vector<KeyCandidate>& all, Wall now) {
  std::vector<std::string> paths;
  const std::string named = variable("ALIBABA_CLOUD_CREDENTIALS_FILE");
  const std::string home = variable("HOME");
  if (!named.empty()) {
    paths = {named};
  } else if (!home.empty()) {
    // The file name differs between the SDKs of different languages.
    paths = {home + "/.alibabacloud/credentials", home + "/.alibabacloud/credentials.ini"};
  }
  for (const std::string& path : paths) {
    const LocalText file = local_.file(path, kCredentialFileLimit);
    if (file.absent && named.empty()) continue;
    if (!file.problem.empty()) {
      all.push_back(problem_of(path, file.problem));
      return;
    }
    IniCandidate read = parse_credentials_ini(file.text.reveal(), defaults(path, now));
    if (!read.absent) all.push_back(std::move(read.candidate));
    return;
  }
}

KeyCandidate CredentialSources::ecs_role(const std::string& role, std::string source) const {
  if (!role.empty() && !is_role_name(role)) {
    return problem_of(std::move(source), "is not a valid RAM role name; correct it");
  }
  KeyCandidate candidate;
  candidate.recipe.kind = KeyRecipe::Kind::kEcsRole;
  candidate.recipe.source = std::move(source);
  candidate.recipe.ecs_role = role;
  return candidate;
}

void CredentialSources::add_uri(std::vector<KeyCandidate>& all) {
  constexpr const char* kUri = "ALIBABA_CLOUD_CREDENTIALS_URI";
  const Secret uri = local_.variable(kUri);  // not variable(): its query may be a secret
  if (!uri.empty()) all.push_back(uri_candidate(kUri, without_quotes(trim(uri.reveal()))));
}

}  // namespace taskwatchd
