#include "cloud/key_recipe.h"

#include <cassert>
#include <utility>

#include "config/ids.h"
#include "config/problems.h"
#include "config/url.h"
#include "core/types/trim.h"

namespace taskwatchd {

bool KeyRecipe::operator==(const KeyRecipe& other) const {
  const bool same_signer =
      signer && other.signer ? *signer == *other.signer : signer == other.signer;
  return same_signer && kind == other.kind && source == other.source && keys == other.keys &&
         ecs_role == other.ecs_role && role == other.role && policy == other.policy &&
         sts_url == other.sts_url && oidc_provider_arn == other.oidc_provider_arn &&
         token_file == other.token_file && uri == other.uri;
}

KeyCandidate uri_candidate(std::string source, std::string_view uri) {
  uri = trim(uri);
  KeyCandidate candidate;
  candidate.recipe.kind = KeyRecipe::Kind::kUri;
  candidate.recipe.source = std::move(source);
  const auto url = parse_url(uri);
  const bool is_plain = url && !url->authority.has_user && !url->has_fragment;
  if (const auto problem = endpoint_problem(is_plain ? url->origin() : uri)) {
    candidate.problem = candidate.recipe.source + " " + *problem + odd_note(uri, *problem);
  } else {
    // The URI is rebuilt from its checked parts: the HTTP client parses names and schemes more
    // strictly.
    candidate.recipe.uri = Secret(origin_of(uri) + url->path + url->query);
  }
  return candidate;
}

std::string sts_url(const std::string& region, bool vpc) {
  if (region.empty()) return "https://sts.aliyuncs.com";
  assert(is_region(region));
  return std::string("https://") + (vpc ? "sts-vpc." : "sts.") + region + ".aliyuncs.com";
}

}  // namespace taskwatchd
