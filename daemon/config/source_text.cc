#include "config/source_text.h"

#include <cstdint>

namespace taskwatchd {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

// Bytes of the UTF-8 character that begins the text; 0 if there is none (overlong forms,
// surrogates and cut characters are none).
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
  };
  const auto tail = [&](std::size_t i, int low = 0x80, int high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const int low = first == 0xE0 ? 0xA0 : 0x80;
    const int high = first == 0xED ? 0x9F : 0xBF;
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const int low = first == 0xF0 ? 0x90 : 0x80;
    const int high = first == 0xF4 ? 0x8F : 0xBF;
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

std::string hex(char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<std::uint8_t>(c);
  return {'0', 'x', kDigits[byte >> 4U], kDigits[byte & 15U]};
}

}  // namespace

std::optional<SourceFlaw> find_flaw(std::string_view text) {
  text = without_mark(text);
  YamlPlace place{1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const bool line_end = c == '\n';
    const bool carriage = c == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    const std::size_t size = character_size(text.substr(i));
    if (size == 0) return SourceFlaw{place, "byte " + hex(c) + " is not UTF-8; save it as UTF-8"};
    const bool control = static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F;
    if (control && !line_end && !carriage && c != '\t') {
      return SourceFlaw{place, "control character " + hex(c) + " in the file; remove it"};
    }
    i += size;
    place = line_end ? YamlPlace{place.line + 1, 1}
                     : YamlPlace{place.line, place.column + static_cast<int>(size)};
  }
  return std::nullopt;
}

SourceText::SourceText(std::string_view text) : text_(without_mark(text)), line_starts_{0} {
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

std::optional<std::size_t> SourceText::offset(YamlPlace place) const {
  if (place.line < 1 || place.column < 1) return std::nullopt;
  const auto line = static_cast<std::size_t>(place.line - 1);
  if (line >= line_starts_.size()) return std::nullopt;
  const std::size_t at = line_starts_[line] + static_cast<std::size_t>(place.column - 1);
  if (at > text_.size()) return std::nullopt;
  return at;
}

bool SourceText::quote_is_closed(YamlPlace place) const {
  const auto found = offset(place);
  if (!found) return true;
  std::size_t at = *found;
  if (at == text_.size() || (text_[at] != '"' && text_[at] != '\'')) return true;
  const char quote = text_[at];
  for (++at; at < text_.size(); ++at) {
    if (quote == '"' && text_[at] == '\\') {
      ++at;
    } else if (text_[at] == quote) {
      // '' inside single quotes stands for one quote.
      if (quote == '"' || at + 1 >= text_.size() || text_[at + 1] != '\'') return true;
      ++at;
    }
  }
  return false;
}

bool SourceText::null_is_written(YamlPlace place) const {
  const auto at = offset(place);
  if (!at) return false;
  const std::string_view rest = text_.substr(*at);
  return rest.starts_with('~') || rest.starts_with("null") || rest.starts_with("Null") ||
         rest.starts_with("NULL");
}

YamlPlace SourceText::last_before(YamlPlace place) const {
  if (!offset(place)) return place;
  std::string_view line = text_.substr(line_starts_[static_cast<std::size_t>(place.line - 1)]);
  line = line.substr(0, static_cast<std::size_t>(place.column - 1));
  for (int number = place.line; number > 0; --number) {
    if (number < place.line) {
      const std::size_t start = line_starts_[static_cast<std::size_t>(number - 1)];
      line = text_.substr(start, line_starts_[static_cast<std::size_t>(number)] - start);
    }
    const std::size_t comment = line.starts_with('#') ? 0 : line.find(" #");
    const std::size_t last = line.substr(0, comment).find_last_not_of(" \t\r\n");
    if (last != std::string_view::npos) return {number, static_cast<int>(last) + 1};
  }
  return place;
}

}  // namespace taskwatchd
