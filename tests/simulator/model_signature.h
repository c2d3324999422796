// Alibaba Cloud's two request signatures, written from the published description only: an
// independent check of the daemon's own signer, so the two must never share code.
// Sources: help.aliyun.com "RPC mechanism" (document 30563 for IoT), and "V3 request structure and
// signature" (document 2593177). Throws std::runtime_error if the crypto library fails.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace iotsim {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Encodes all but A-Z a-z 0-9 - _ . ~ as %XY with upper-case digits.
std::string url_encode(std::string_view bytes);
// Decodes %XY, and + as a space. Returns nullopt for an invalid escape.
std::optional<std::string> url_decode(std::string_view text);
// Parses name=value&name=value; decoded, in order. Returns nullopt for an invalid escape.
std::optional<Pairs> parse_form(std::string_view text);
// Returns the pairs sorted by name and encoded again.
std::string sorted_form(const Pairs& pairs);

std::string sha256_hex(std::string_view bytes);
bool equal_in_constant_time(std::string_view a, std::string_view b);

// Signature version 1.0: HMAC-SHA1 over METHOD & %2F & form; `Signature` itself is left out.
std::string v1_text(std::string_view method, const Pairs& parameters);
std::string v1_sign(std::string_view text, std::string_view secret);

// ACS3-HMAC-SHA256. `headers`: the signed ones, names in lower case, in any order.
std::string v3_text(std::string_view method, std::string_view path, const Pairs& query,
                    const Pairs& headers, std::string_view payload_hash);
// `text` is the canonical request; lower-case hex.
std::string v3_sign(std::string_view text, std::string_view secret);

}  // namespace iotsim
