// Words that a device or the cloud wrote, made fit to be shown. Pure.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

// Bytes of any origin as valid UTF-8: each bad byte becomes U+FFFD.
std::string repair_utf8(std::string_view bytes);
// `limit` bytes at most, the "...(+N bytes)" included that says how much was cut; cut at a
// character's edge. A limit too small for those words gives the text's head alone.
// REQUIRES: text is valid UTF-8.
std::string cut(std::string text, std::size_t limit);
// A device's words made fit for an event's field: repaired UTF-8, redacted, then cut at 256 bytes.
std::string device_text(std::string_view bytes);
// A name registered in the cloud: repaired UTF-8, cut at 128 bytes.
std::string name_text(std::string_view bytes);
// Control, escape, line-end and bidirectional characters as \xNN or \u{NNNN}, bytes that are not
// UTF-8 as \xNN; the rest unchanged.
std::string escape_controls(std::string_view text);

}  // namespace taskwatchd
