#include "config/characters.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/types/utf8.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr char32_t kFullWidthShift = 0xFEE0;  // from an ASCII character to its full-width form

char looks_like(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) return static_cast<char>(c - kFullWidthShift);
  if (c == 0x2018 || c == 0x2019) return '\'';
  return c == 0x201C || c == 0x201D ? '"' : '\0';
}

// "a full-width `:`"; empty for a character that needs no name.
std::string name_of(char32_t c) {
  if (c == 0xA0) return "a no-break space";
  if (c == 0xAD) return "a soft hyphen";
  if (c == 0x200B) return "a zero-width space";
  if (c == 0x200C || c == 0x200D) return "a zero-width joiner";
  if (c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E)) {
    return "a mark of the writing direction";
  }
  if (c == 0x2028 || c == 0x2029) return "a line separator";
  if ((c >= 0x2000 && c <= 0x200A) || c == 0x202F) return "a blank other than the space";
  if (c == 0x2060) return "a word joiner";
  if (c == 0x3000) return "a full-width space";
  if (c == 0xFEFF) return "a byte order mark";
  const char ascii = looks_like(c);
  if (ascii == '\0') return {};
  return c < 0xFF00 ? "a curly quote" : std::string("a full-width `") + ascii + '`';
}

}  // namespace

MarkedText without_mark(std::string_view bytes) {
  const bool has_mark = bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF");
  const bool has_zero = bytes.size() > 1 && (bytes[0] == '\0') != (bytes[1] == '\0');
  if (has_mark || has_zero) return {bytes, "is UTF-16; save it as UTF-8"};
  while (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  return {bytes, nullptr};
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  text.remove_prefix(line.size());
  text.remove_prefix(text.starts_with("\r\n") ? 2 : std::min<std::size_t>(text.size(), 1));
  return line;
}

std::string_view without_quotes(std::string_view text) {
  const bool quoted = text.size() > 1 && text.front() == text.back() &&
                      (text.front() == '"' || text.front() == '\'');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

std::optional<OddCharacter> find_odd_character(std::string_view text, std::size_t from) {
  while (from < text.size()) {
    const Utf8Char c = utf8_at(text, from);
    std::string name = c.size > 1 ? name_of(c.code) : std::string();
    if (!name.empty()) {
      return OddCharacter{from, c.size, fmt::format("\\u{:04x}", static_cast<unsigned>(c.code)),
                          std::move(name), looks_like(c.code)};
    }
    from += std::max<std::size_t>(c.size, 1);
  }
  return std::nullopt;
}

}  // namespace taskwatchd
