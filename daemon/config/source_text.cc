#include "config/source_text.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "config/characters.h"

namespace taskwatchd {
namespace {

// Returns the size in bytes of the UTF-8 character at the start; 0 if it is invalid (overlong
// forms, surrogates and truncated characters are).
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

std::size_t comment_in(std::string_view line) {
  return line.starts_with('#') ? 0 : line.find(" #");
}

// Returns where the value of KEY:VALUE begins, in a line without the required space after the
// colon; nullopt for other lines, and for https://HOST.
std::optional<std::size_t> glued_value(std::string_view line) {
  const std::size_t key = line.find_first_not_of(" \t-");
  if (key == std::string_view::npos) return std::nullopt;
  const std::size_t colon = line.find(':', key);
  if (colon == std::string_view::npos || colon == key || colon + 1 >= line.size()) return {};
  const auto is_key = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  const std::string_view word = line.substr(key, colon - key);
  const bool glued = std::string_view(" \t\r\n/").find(line[colon + 1]) == std::string_view::npos;
  if (!glued || !std::all_of(word.begin(), word.end(), is_key)) return std::nullopt;
  return colon + 1;
}

// Returns the likely typing error in one line, with its position in that line.
std::optional<SourceFlaw> typing_error_of(std::string_view line, int number) {
  const auto flaw = [&](std::size_t at, std::string message) {
    return SourceFlaw{{number, static_cast<int>(at) + 1}, std::move(message)};
  };
  line = line.substr(0, comment_in(line));
  for (auto odd = find_odd_character(line); odd;
       odd = find_odd_character(line, odd->at + odd->size)) {
    // Other full-width characters have no meaning in YAML.
    if (std::string_view(":,[]{}-#\"'").find(odd->looks_like) == std::string_view::npos &&
        odd->looks_like != '\0') {
      continue;
    }
    return flaw(odd->at, "here is " + odd->shown() + "; write the plain ASCII character instead");
  }
  const std::size_t first = line.find_first_not_of(" \t\r\n");
  const std::size_t tab = line.find('\t');
  if (first != std::string_view::npos && tab < first) {
    return flaw(tab, "a tab is in the indentation; indent with spaces");
  }
  if (const auto value = glued_value(line)) {
    return flaw(*value, "a blank is missing behind the colon; write KEY: VALUE");
  }
  return std::nullopt;
}

std::string hex(char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<std::uint8_t>(c);
  return {'0', 'x', kDigits[byte >> 4U], kDigits[byte & 15U]};
}

}  // namespace

std::optional<SourceFlaw> find_flaw(std::string_view text) {
  const MarkedText marked = without_mark(text);
  YamlPlace place{1, 1};
  if (marked.problem != nullptr) {
    return SourceFlaw{place, std::string("the file ") + marked.problem};
  }
  text = marked.text;
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

SourceText::SourceText(std::string_view text) : text_(without_mark(text).text), line_starts_{0} {
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

std::string_view SourceText::line(int number) const {
  if (number < 1 || static_cast<std::size_t>(number) > line_starts_.size()) return {};
  const std::size_t start = line_starts_[static_cast<std::size_t>(number - 1)];
  const std::size_t end = text_.find('\n', start);
  return text_.substr(start, end == std::string_view::npos ? end : end + 1 - start);
}

std::optional<SourceFlaw> SourceText::likely_typing_error(YamlPlace place) const {
  for (const int number : {place.line - 1, place.line}) {
    if (auto typing_error = typing_error_of(line(number), number)) return typing_error;
  }
  return std::nullopt;
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
      // '' inside single quotes is an escaped quote.
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
    const std::size_t last = line.substr(0, comment_in(line)).find_last_not_of(" \t\r\n");
    if (last != std::string_view::npos) return {number, static_cast<int>(last) + 1};
  }
  return place;
}

}  // namespace taskwatchd
