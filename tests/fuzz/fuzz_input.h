// Helpers shared by the fuzz targets.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/types/utf8.h"

namespace taskwatchd {

// Aborts, so that the fuzzer saves the input. Not assert: the name marks the target's own check.
inline void require(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Removes and returns the text up to the first NUL. The rest stays in `text`.
inline std::string_view take_part(std::string_view& text) {
  const std::string_view part = text.substr(0, text.find('\0'));
  text.remove_prefix(part.size() < text.size() ? part.size() + 1 : part.size());
  return part;
}

inline bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_at(text, at).size;
    if (size == 0) return false;
    at += size;
  }
  return true;
}

// Returns whether the text is UTF-8 without anything that ends a line, moves a cursor or changes
// the text direction.
inline bool is_printable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_at(text, at);
    if (c.size == 0 || must_escape(c.code)) return false;
    at += c.size;
  }
  return true;
}

}  // namespace taskwatchd
