// Requests to what hands out temporary keys: the security token service (STS) and the ECS metadata
// service. Sources: STS 2015-04-01 AssumeRole and AssumeRoleWithOIDC; ECS "instance metadata".
#pragma once

#include <string>

#include "cloud/http.h"
#include "cloud/key_recipe.h"
#include "core/types/time.h"

namespace taskwatchd {

inline constexpr std::size_t kSessionReplyLimit = 64 * 1024;  // bytes

// Signed with version 1.0 of the signature. `nonce` must be new for each request.
HttpRequest assume_role_request(const KeyRecipe& recipe, const Keys& signer, Wall now,
                                const std::string& nonce);
// Not signed: the token is the proof.
HttpRequest assume_role_with_oidc_request(const KeyRecipe& recipe, const Secret& token, Wall now,
                                          const std::string& nonce);

// `url` is scheme://host of the metadata service. An empty token asks in the first version's way.
HttpRequest metadata_token_request(const std::string& url);
HttpRequest metadata_role_request(const std::string& url, const Secret& token);
// REQUIRES: is_role_name(role).
HttpRequest metadata_session_request(const std::string& url, const std::string& role,
                                     const Secret& token);
HttpRequest uri_session_request(const Secret& uri);

}  // namespace taskwatchd
