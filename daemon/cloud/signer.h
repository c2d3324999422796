// The two signature methods of Alibaba Cloud's RPC gateway. A failure of the crypto library throws
// std::runtime_error: the program cannot work without it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/types/secret.h"

namespace taskwatchd {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// RFC 3986: A-Z a-z 0-9 - _ . ~ are kept, every other byte becomes %XY.
std::string percent_encode(std::string_view bytes);
// name=value pairs joined by &, sorted by name (then value) in byte order, both percent-encoded.
std::string canonical_query(const Parameters& parameters);

// Signature version 1.0. Source: help.aliyun.com "RPC mechanism", IoT document 30563.
std::string v1_string_to_sign(std::string_view method, const Parameters& parameters);
// Base64 of HMAC-SHA1 with the key secret + "&".
std::string v1_signature(std::string_view string_to_sign, const Secret& secret);

// ACS3-HMAC-SHA256. Source: help.aliyun.com "V3 request structure and signature".
struct V3Input {
  std::string method;
  std::string path = "/";
  Parameters query;
  Parameters headers;        // the signed ones only; names in lower case
  std::string payload_hash;  // lower-case hex SHA-256 of the body
};
std::string v3_canonical_request(const V3Input& input);
std::string v3_signature(const V3Input& input, const Secret& secret);  // lower-case hex
// The value of the Authorization header.
std::string v3_authorization(const V3Input& input, std::string_view access_key_id,
                             const Secret& secret);

std::string sha256_hex(std::string_view bytes);

}  // namespace taskwatchd
