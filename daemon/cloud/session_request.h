// Builds requests for temporary credentials, to the Security Token Service (STS) and the ECS
// metadata service. Sources: STS 2015-04-01 AssumeRole and AssumeRoleWithOIDC; ECS "instance
// metadata".
#pragma once

#include <string>

#include "cloud/http.h"
#include "cloud/key_recipe.h"
#include "core/types/time.h"

namespace taskwatchd {

inline constexpr std::size_t kSessionReplyLimit = 64 * 1024;  // bytes

// Signed with signature version 1.0. `nonce` must be new for each request.
HttpRequest assume_role_request(const KeyRecipe& recipe, const Keys& signer, Wall now,
                                const std::string& nonce);
// Not signed: the OIDC token authenticates the request.
HttpRequest assume_role_with_oidc_request(const KeyRecipe& recipe, const Secret& token, Wall now,
                                          const std::string& nonce);

// `url` is scheme://host of the metadata service. An empty token builds a request of metadata
// service version 1, which needs no token.
HttpRequest metadata_token_request(const std::string& url);
HttpRequest metadata_role_request(const std::string& url, const Secret& token);
// REQUIRES: is_role_name(role).
HttpRequest metadata_session_request(const std::string& url, const std::string& role,
                                     const Secret& token);
HttpRequest uri_session_request(const Secret& uri);

}  // namespace taskwatchd
