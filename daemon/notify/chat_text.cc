#include "notify/chat_text.h"

#include <algorithm>

#include "core/types/utf8.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "…";                // U+2026, 3 bytes
constexpr std::string_view kMarks = "@<>[]()`*_~#|&\\!";
constexpr char32_t kCsi = 0x9B;  // the C1 control for ESC [
// The longest command string (title, hyperlink) that is recognised as one; bounds the search for
// its end.
constexpr std::size_t kMaxCommand = 2048;

bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}
// A byte that may be next to the dot of a host name.
bool is_name_byte(char c) {
  return is_ascii_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_line_break_or_tab(char32_t c) {
  return c == '\n' || c == '\r' || c == '\t' || c == '\v' || c == '\f' || c == 0x85 ||
         c == 0x2028 || c == 0x2029;
}
// Zero-width characters, soft hyphen, invisible operators, byte order mark, tags.
bool is_invisible(char32_t c) {
  return c == 0xAD || c == 0x200B || (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF ||
         (c >= 0xE0000 && c <= 0xE007F);
}

// The position after the parameters and the final byte of a control sequence (ECMA-48 5.4).
std::size_t after_control_sequence(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x3F) ++at;
  const bool has_final = at < text.size() && text[at] >= 0x40 && text[at] <= 0x7E;
  return has_final ? at + 1 : at;
}

// The position after the escape sequence that begins with the ESC at `at`.
std::size_t after_escape(std::string_view text, std::size_t at) {
  if (++at == text.size()) return at;
  const char kind = text[at];
  if (kind == '[') return after_control_sequence(text, at + 1);
  if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
    // A command string ends with BEL or ESC \. Without an end only its introducer is removed.
    const std::string_view rest = text.substr(at + 1, kMaxCommand);
    const std::size_t bell = rest.find('\a'), st = rest.find("\x1b\\");
    if (std::min(bell, st) == std::string_view::npos) return at + 1;
    return at + 1 + (bell < st ? bell + 1 : st + 2);
  }
  return kind >= 0x20 && kind <= 0x7E ? at + 1 : at;
}

// One line of visible characters; stops once it is longer than `enough`.
std::string visible_text(std::string_view bytes, std::size_t enough) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size() && out.size() <= enough;) {
    const Utf8Char c = utf8_at(bytes, at);
    if (c.size == 0) {
      out += kReplacement;
      ++at;
    } else if (c.code == 0x1B) {
      at = after_escape(bytes, at);
    } else if (c.code == kCsi) {
      at = after_control_sequence(bytes, at + c.size);
    } else {
      if (is_line_break_or_tab(c.code)) {
        if (!out.empty() && out.back() != ' ') out += ' ';
      } else if (!must_escape(c.code) && !is_invisible(c.code)) {
        out += bytes.substr(at, c.size);
      }
      at += c.size;
    }
  }
  return out;
}

// Appends the twin in the block of full-width forms, which has all of ASCII at this distance.
void append_full_width(std::string& out, char c) {
  const auto code = static_cast<unsigned>(static_cast<unsigned char>(c)) + 0xFEE0u;
  out += static_cast<char>(0xE0u | (code >> 12));
  out += static_cast<char>(0x80u | ((code >> 6) & 0x3Fu));
  out += static_cast<char>(0x80u | (code & 0x3Fu));
}

// True for the dot at `at` if a chat could take it for one of a host name or of an IP address.
bool is_address_dot(std::string_view text, std::size_t at) {
  if (at == 0 || at + 1 == text.size()) return false;
  const char before = text[at - 1], after = text[at + 1];
  if (!is_name_byte(before) || !is_name_byte(after)) return false;
  if (!is_ascii_digit(before) || !is_ascii_digit(after)) return true;
  std::size_t first = at, last = at;
  const auto is_number_byte = [&](std::size_t i) {
    return is_ascii_digit(text[i]) || text[i] == '.';
  };
  while (first > 0 && is_number_byte(first - 1)) --first;
  while (last + 1 < text.size() && is_number_byte(last + 1)) ++last;
  const std::string_view number = text.substr(first, last + 1 - first);
  return std::count(number.begin(), number.end(), '.') >= 3;
}

std::string with_twins(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (text.substr(at, 3) == "://") {
      for (const char part : text.substr(at, 3)) append_full_width(out, part);
      at += 2;
    } else if (kMarks.find(c) != std::string_view::npos || (c == '.' && is_address_dot(text, at))) {
      append_full_width(out, c);
    } else {
      out += c;
    }
  }
  return out;
}

std::size_t json_size(const Utf8Char& c) {
  if (c.size == 0) return kReplacement.size();
  if (c.code == '"' || c.code == '\\' || c.code == '\n') return 2;
  return must_escape(c.code) ? 6 : c.size;  // \u001b
}

// The end of the longest start of `text`, in whole characters, whose size is at most `limit`.
template <typename SizeOf>
std::size_t fitting_end(std::string_view text, std::size_t limit, SizeOf size_of) {
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_at(text, at);
    used += size_of(c);
    if (used > limit) return at;
    at += std::max<std::size_t>(c.size, 1);
  }
  return text.size();
}

template <typename SizeOf>
std::string cut_by(std::string text, std::size_t limit, SizeOf size_of) {
  if (fitting_end(text, limit, size_of) == text.size()) return text;
  const bool has_room = limit >= kEllipsis.size();
  text.resize(fitting_end(text, has_room ? limit - kEllipsis.size() : limit, size_of));
  if (has_room) text += kEllipsis;
  return text;
}

}  // namespace

std::string chat_text(std::string_view bytes, std::size_t limit) {
  return cut_by(with_twins(visible_text(bytes, limit)), limit,
                [](const Utf8Char& c) { return c.size; });
}

std::size_t json_size(std::string_view text) {
  std::size_t size = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_at(text, at);
    size += json_size(c);
    at += std::max<std::size_t>(c.size, 1);
  }
  return size;
}

std::string cut_to_json_size(std::string text, std::size_t limit) {
  return cut_by(std::move(text), limit, [](const Utf8Char& c) { return json_size(c); });
}

}  // namespace taskwatchd
