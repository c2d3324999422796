#include "cloud/credential_profile.h"

#include <charconv>
#include <utility>

#include "config/ids.h"
#include "config/key_text.h"
#include "config/problems.h"
#include "core/events/device_text.h"
#include "core/events/redact.h"
#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxPolicyBytes = 2048;

std::string quoted(std::string_view name) {
  return '`' + std::string(name) + '`';
}

}  // namespace

std::string shown_name(std::string_view text) {
  return shown(redact(repair_utf8(text)));
}

KeyCandidate ProfileReader::fail(const std::string& why) const {
  KeyCandidate candidate;
  candidate.recipe.source = source_;
  candidate.problem = source_ + " " + why;
  return candidate;
}

KeyRecipe ProfileReader::recipe(KeyRecipe::Kind kind) const {
  KeyRecipe recipe;
  recipe.kind = kind;
  recipe.source = source_;
  return recipe;
}

KeyCandidate ProfileReader::keys(std::string_view token, bool needs_token) const {
  KeyRecipe recipe = this->recipe(KeyRecipe::Kind::kKeys);
  const auto id = find("access_key_id");
  const auto secret = find("access_key_secret");
  auto session = token.empty() ? std::nullopt : find(token);
  if (!id) return fail("has no `access_key_id`; set it");
  if (!secret) return fail("has no `access_key_secret`; set it");
  if (!session && needs_token) return fail("has no " + quoted(token) + "; set it");
  if (!needs_token && !is_temporary_id(*id)) session.reset();
  const std::pair<std::string_view, const std::optional<std::string>&> values[] = {
      {"access_key_id", id}, {"access_key_secret", secret}, {token, session}};
  for (const auto& [name, value] : values) {
    if (!value) continue;
    KeyText text = clean_key_text(*value);
    if (!text.problem.empty()) return fail("has a " + quoted(name) + " that " + text.problem);
  }
  recipe.keys = {clean_key_text(*id).value.reveal(), clean_key_text(*secret).value,
                 session ? clean_key_text(*session).value : Secret()};
  return {std::move(recipe), {}};
}

KeyCandidate ProfileReader::ecs_role(std::string_view name) const {
  KeyRecipe recipe = this->recipe(KeyRecipe::Kind::kEcsRole);
  recipe.ecs_role = find(name).value_or("");
  if (!recipe.ecs_role.empty() && !is_role_name(recipe.ecs_role)) {
    return fail("has a " + quoted(name) + " that is not a valid RAM role name; correct it");
  }
  return {std::move(recipe), {}};
}

std::optional<std::string> ProfileReader::read_role(KeyRecipe& recipe, std::string_view arn,
                                                    std::string_view session_name,
                                                    std::string_view duration) const {
  const auto role = find(arn);
  if (!role) return "has no " + quoted(arn) + "; set it";
  if (!is_role_arn(*role)) {
    return "has a " + quoted(arn) + " that is not acs:ram::ACCOUNT:role/NAME; correct it";
  }
  recipe.role.arn = *role;
  recipe.role.session_name = find(session_name).value_or(recipe.role.session_name);
  if (!is_session_name(recipe.role.session_name)) {
    return "has a " + quoted(session_name) +
           " that is not 2 to 64 of A-Z, a-z, 0-9, ., @, - and _; correct it";
  }
  if (const auto text = find(duration); text && *text != "0") {
    int seconds = 0;
    const auto end = std::from_chars(text->data(), text->data() + text->size(), seconds);
    recipe.role.duration = std::chrono::seconds(seconds);
    if (end.ec != std::errc() || end.ptr != text->data() + text->size() ||
        !is_session_duration(recipe.role.duration)) {
      return "has a " + quoted(duration) + " that is not 900 to 43200 seconds; correct it";
    }
  }
  recipe.role.external_id = find("external_id").value_or("");
  if (!recipe.role.external_id.empty() && !is_external_id(recipe.role.external_id)) {
    return "has an `external_id` that is not 2 to 1224 of A-Z, a-z, 0-9 and =,.@:/-_; correct it";
  }
  recipe.policy = find("policy").value_or("");
  if (recipe.policy.size() > kMaxPolicyBytes) {
    return "has a `policy` of more than 2048 bytes; shorten it";
  }
  const std::string region = find("sts_region").value_or("");
  if (!region.empty() && !is_region(region)) {
    return "has an `sts_region` that is not a valid region; correct it";
  }
  const bool vpc = is_word(find("enable_vpc").value_or(""), "true");
  recipe.sts_url =
      region.empty() || defaults_.sts_url_is_test ? defaults_.sts_url : sts_url(region, vpc);
  return std::nullopt;
}

KeyCandidate ProfileReader::assume_role(const KeyCandidate& signer, std::string_view arn,
                                        std::string_view session_name,
                                        std::string_view duration) const {
  KeyRecipe recipe = this->recipe(KeyRecipe::Kind::kAssumeRole);
  if (const auto problem = read_role(recipe, arn, session_name, duration)) return fail(*problem);
  recipe.signer = std::make_shared<const KeyRecipe>(signer.recipe);
  return {std::move(recipe), {}};
}

KeyCandidate ProfileReader::oidc_role(std::string_view arn, std::string_view session_name,
                                      std::string_view duration,
                                      std::string_view token_file) const {
  KeyRecipe recipe = this->recipe(KeyRecipe::Kind::kOidcRole);
  if (const auto problem = read_role(recipe, arn, session_name, duration)) return fail(*problem);
  const auto provider = find("oidc_provider_arn");
  if (!provider) return fail("has no `oidc_provider_arn`; set it");
  const auto file = find(token_file);
  if (!file) return fail("has no " + quoted(token_file) + "; set it");
  recipe.oidc_provider_arn = *provider;
  recipe.token_file = *file;
  return {std::move(recipe), {}};
}

}  // namespace taskwatchd
