// Makes text from a device or the platform safe to display. No I/O.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

// Converts bytes of any origin to valid UTF-8: each invalid byte becomes U+FFFD.
std::string repair_utf8(std::string_view bytes);
// Cuts to `limit` bytes, including the suffix "...(+N bytes)" that says how much was cut, at a
// character boundary. If the limit is too small for the suffix, returns only the start of the text.
// REQUIRES: text is valid UTF-8.
std::string cut(std::string text, std::size_t limit);
// A device message for an event's field: repaired UTF-8, redacted, then cut to 256 bytes.
std::string device_text(std::string_view bytes);
// A name registered on the platform: repaired UTF-8, cut to 128 bytes.
std::string name_text(std::string_view bytes);
// Control, escape, line-end and bidirectional characters become \xNN or \u{NNNN}, invalid bytes
// \xNN; the rest is unchanged.
std::string escape_controls(std::string_view text);

}  // namespace taskwatchd
