// The headers of a signed request to a webhook. Source: Standard Webhooks 1.0.0,
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. No
// I/O.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/types/secret.h"
#include "core/types/time.h"

namespace taskwatchd {

// Returns webhook-id, webhook-timestamp (Unix seconds) and webhook-signature: `v1,` and the Base64
// text of HMAC-SHA256(key, "ID.TIMESTAMP.BODY"), one for each key, separated by spaces. `keys` are
// decoded (sink_secrets.h); without a key there is no webhook-signature. `at`: the time of this
// attempt; receivers reject a signature that is more than about 5 min old. Throws
// std::runtime_error if OpenSSL fails.
std::vector<std::pair<std::string, std::string>> webhook_headers(const std::vector<Secret>& keys,
                                                                 std::string_view id, Wall at,
                                                                 std::string_view body);

}  // namespace taskwatchd
