// How to obtain an account's credentials: one source of the provider chain or of the configuration,
// as a value. Steps that need the network are in daemon/credential_fetch.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/types/secret.h"

namespace taskwatchd {

struct KeyRecipe {
  enum class Kind {
    kKeys,        // use `keys` unchanged
    kEcsRole,     // ask the ECS metadata service, for the role `ecs_role`
    kAssumeRole,  // call STS AssumeRole for `role`, signed with the credentials of `signer`
    kOidcRole,    // call STS AssumeRoleWithOIDC for `role` with the token in `token_file`
    kUri,         // GET `uri`
  };
  Kind kind = Kind::kKeys;
  std::string source;  // human-readable, no secret: "profile `prod` of /home/x/.aliyun/config.json"
  Keys keys;
  std::string ecs_role;  // empty: the role that the ECS instance has
  RoleConfig role;
  std::string policy;   // restricts the role's permissions; empty: no restriction
  std::string sts_url;  // scheme://host
  std::string oidc_provider_arn;
  std::string token_file;
  Secret uri;  // the query may be a secret
  std::shared_ptr<const KeyRecipe> signer;

  // True if both give the same credentials from the same source. Signers are compared by value.
  bool operator==(const KeyRecipe& other) const;
};

// An existing source, in the order of the chain: how to use it, or what is wrong and how to fix it.
struct KeyCandidate {
  KeyRecipe recipe;     // valid only if there is no problem
  std::string problem;  // no secret
  bool operator==(const KeyCandidate&) const = default;
};

// Returns the recipe that fetches credentials from a URI: https, or http to a loopback address;
// surrounding spaces are removed. A problem includes `source` but never the URI: its query may be a
// secret.
KeyCandidate uri_candidate(std::string source, std::string_view uri);

// Returns scheme://host of the Security Token Service. REQUIRES: `region` is empty or is_region.
std::string sts_url(const std::string& region, bool vpc);
inline constexpr char kMetadataUrl[] = "http://100.100.100.200";

}  // namespace taskwatchd
