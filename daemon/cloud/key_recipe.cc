#include "cloud/key_recipe.h"

#include <cassert>

#include "config/ids.h"

namespace taskwatchd {

bool KeyRecipe::operator==(const KeyRecipe& other) const {
  const bool same_signer =
      signer && other.signer ? *signer == *other.signer : signer == other.signer;
  return same_signer && kind == other.kind && source == other.source && keys == other.keys &&
         ecs_role == other.ecs_role && role == other.role && policy == other.policy &&
         sts_url == other.sts_url && oidc_provider_arn == other.oidc_provider_arn &&
         token_file == other.token_file && uri == other.uri;
}

std::string sts_url(const std::string& region, bool vpc) {
  if (region.empty()) return "https://sts.aliyuncs.com";
  assert(is_region(region));
  return std::string("https://") + (vpc ? "sts-vpc." : "sts.") + region + ".aliyuncs.com";
}

}  // namespace taskwatchd
