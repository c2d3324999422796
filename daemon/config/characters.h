// What editors, chats and web pages put into a text unseen: byte order marks, UTF-16, blanks and
// signs that only look like ASCII. One place for all readers of texts that people write. Pure; any
// thread; throws nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

struct MarkedText {
  std::string_view text;          // without byte order marks; points into the bytes
  const char* problem = nullptr;  // "is UTF-16; ...": to be put behind the name of the file
};
// Drops the byte order marks (EF BB BF) that begin the bytes. UTF-16 is a problem: it begins with
// FF FE or FE FF, or one of its first two bytes is 0.
MarkedText without_mark(std::string_view bytes);

// The line that begins the text, without its end (LF, CR LF or CR), which is dropped from the text.
std::string_view take_line(std::string_view& text);

// The text without one pair of equal quotes (" or ') around it.
std::string_view without_quotes(std::string_view text);

// A character that is not seen, or is taken for an ASCII one.
struct OddCharacter {
  std::size_t at = 0;      // bytes from the beginning of the text
  std::size_t size = 0;    // bytes
  std::string escape;      // \u00a0
  std::string name;        // "a no-break space"
  char looks_like = '\0';  // the ASCII character; 0: it is not seen, or looks like a blank

  std::string shown() const { return "`" + escape + "`, " + name; }
};
// The first one from the byte `from` on; nothing if there is none. Bytes that are not UTF-8 are
// passed over.
std::optional<OddCharacter> find_odd_character(std::string_view text, std::size_t from = 0);

}  // namespace taskwatchd
