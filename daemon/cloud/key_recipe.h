// How an account's keys are come by: a source of the provider chain or of the configuration, as a
// value. What needs the network is carried out by daemon/credential_fetch.
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
    kKeys,        // `keys` as they are
    kEcsRole,     // the metadata service, for the role `ecs_role`
    kAssumeRole,  // STS AssumeRole for `role`, signed with what `signer` brings
    kOidcRole,    // STS AssumeRoleWithOIDC for `role` with the token in `token_file`
    kUri,         // GET `uri`
  };
  Kind kind = Kind::kKeys;
  std::string source;  // for people: "profile `prod` of /home/x/.aliyun/config.json"; no secret
  Keys keys;
  std::string ecs_role;  // empty: whichever the machine has
  RoleConfig role;
  std::string policy;   // narrows the role's rights; empty: as they are
  std::string sts_url;  // scheme://host
  std::string oidc_provider_arn;
  std::string token_file;
  Secret uri;  // its query may be a secret
  std::shared_ptr<const KeyRecipe> signer;

  // The same keys from the same place: signers are compared by what they are.
  bool operator==(const KeyRecipe& other) const;
};

// A source that is there, in the chain's order: how to use it, or what is wrong and the mend.
struct KeyCandidate {
  KeyRecipe recipe;     // only meaningful without a problem
  std::string problem;  // no secret
  bool operator==(const KeyCandidate&) const = default;
};

// What asks a URI for keys: https, or http to a loopback address; blanks around it are dropped.
// `source` is named in the problem, the URI never: its query may be a secret.
KeyCandidate uri_candidate(std::string source, std::string_view uri);

// scheme://host of the security token service; `region` may be empty. REQUIRES: is_region or empty.
std::string sts_url(const std::string& region, bool vpc);
inline constexpr char kMetadataUrl[] = "http://100.100.100.200";

}  // namespace taskwatchd
