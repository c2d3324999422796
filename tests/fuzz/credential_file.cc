// Reads any text as CLI profiles and as an INI file: a valid recipe, or a problem in printable
// text.
#include "cloud/credential_parse.h"
#include "config/ids.h"
#include "fuzz_input.h"

using namespace taskwatchd;

namespace {

void check(const KeyRecipe& recipe) {
  switch (recipe.kind) {
    case KeyRecipe::Kind::kKeys:
      require(!recipe.keys.access_key_id.empty() && !recipe.keys.access_key_secret.empty());
      return;
    case KeyRecipe::Kind::kEcsRole:
      require(recipe.ecs_role.empty() || is_role_name(recipe.ecs_role));
      return;
    case KeyRecipe::Kind::kAssumeRole:
      require(recipe.signer != nullptr);
      check(*recipe.signer);
      break;
    case KeyRecipe::Kind::kOidcRole:
      require(!recipe.token_file.empty() && !recipe.oidc_provider_arn.empty());
      break;
    case KeyRecipe::Kind::kUri:
      require(false);
  }
  require(is_role_arn(recipe.role.arn) && is_session_name(recipe.role.session_name));
  require(is_session_duration(recipe.role.duration));
  require(recipe.sts_url.starts_with("https://sts"));
}

void check(const KeyCandidate& candidate) {
  if (candidate.problem.empty()) {
    check(candidate.recipe);
  } else {
    require(is_printable(candidate.problem) && candidate.problem.size() < 1024);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  for (const char* profile : {"", "p"}) {
    CredentialDefaults defaults;
    defaults.file = "file";
    defaults.profile = profile;
    defaults.sts_url = sts_url("", false);
    check(parse_cli_profile(text, defaults));
    const IniCandidate ini = parse_credentials_ini(text, defaults);
    if (!ini.absent) check(ini.candidate);
  }
  return 0;
}
