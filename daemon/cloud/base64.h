// Base64 (RFC 4648 section 4) with its padding, by OpenSSL. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

std::string to_base64(std::string_view bytes);
// Nothing for a text of another form.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace taskwatchd
