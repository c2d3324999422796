// Base64 (RFC 4648 section 4) with padding, through OpenSSL. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

std::string to_base64(std::string_view bytes);
// Returns nullopt if the text is not valid Base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace taskwatchd
