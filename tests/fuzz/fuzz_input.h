// What the fuzz targets share.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/types/utf8.h"

namespace taskwatchd {

// Stops the fuzzer with the input kept. Not assert: the name says that it is the target's oracle.
inline void require(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Up to the first NUL; the rest stays in `text`.
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

// UTF-8 in which nothing ends a line, moves a cursor or turns the writing.
inline bool is_printable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_at(text, at);
    if (c.size == 0 || must_escape(c.code)) return false;
    at += c.size;
  }
  return true;
}

}  // namespace taskwatchd
