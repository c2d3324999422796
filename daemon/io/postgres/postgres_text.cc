#include "io/postgres/postgres_text.h"

#include <algorithm>
#include <charconv>

#include "core/types/utf8.h"

namespace taskwatchd::postgres {
namespace {

constexpr char kMark = '\x1a';

void append_escaped(std::string& out, char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(byte);
  out += {kMark, kDigits[value >> 4], kDigits[value & 15]};
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char next = utf8_at(text, at);
    if (next.size == 0 || text[at] == '\0' || text[at] == kMark) {
      append_escaped(out, text[at++]);
    } else {
      out.append(text, at, next.size);
      at += next.size;
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  if (text.find(kMark) == text.npos) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    unsigned value = 0;
    const char* const digits = text.data() + at + 1;
    const char* const end = digits + 2;
    const bool whole = text[at] == kMark && text.size() - at >= 3;
    if (whole && std::from_chars(digits, end, value, 16).ptr == end) {
      out += static_cast<char>(value);
      at += 3;
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace taskwatchd::postgres
