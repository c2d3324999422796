// Reads UTF-8 one character at a time, and decides which characters must be escaped in all output.
// Used by event_text.cc and device_text.cc.
#pragma once

#include <cstddef>
#include <string_view>

namespace taskwatchd {

struct Utf8Char {
  char32_t code = 0;
  std::size_t size = 0;  // bytes; 0 if no valid character begins here
};

// REQUIRES: at < text.size(). Overlong forms, surrogates and truncated sequences are not valid.
inline Utf8Char utf8_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at);
  if (first < 0x80) return {first, 1};
  // 0xC0, 0xC1 and bytes from 0xF5 on start overlong forms or code points above U+10FFFF.
  const std::size_t size = first < 0xC2   ? 0u
                           : first < 0xE0 ? 2u
                           : first < 0xF0 ? 3u
                           : first < 0xF5 ? 4u
                                          : 0u;
  if (size == 0 || text.size() - at < size) return {};
  char32_t code = first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0u) != 0x80u) return {};
    code = (code << 6) | (byte(at + i) & 0x3Fu);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (overlong || surrogate || code > 0x10FFFF) return {};
  return {code, size};
}

// Controls (C0, DEL, C1), line and paragraph separators, and bidirectional controls: with these a
// device could forge a line or hide text.
constexpr bool must_escape(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
         c == 0x2028 || c == 0x2029 || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace taskwatchd
