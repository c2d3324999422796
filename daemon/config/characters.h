// Detects what editors, chats and web pages insert unnoticed: byte order marks, UTF-16, spaces and
// characters that only look like ASCII. Shared by all readers of hand-written texts. No I/O; any
// thread; throws nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

struct MarkedText {
  std::string_view text;          // without byte order marks; points into the argument
  const char* problem = nullptr;  // "is UTF-16; ...": to be appended to the name of the file
};
// Removes byte order marks (EF BB BF) at the start. UTF-16 is a problem; it is recognized by FF FE
// or FE FF at the start, or a 0 in the first two bytes.
MarkedText without_mark(std::string_view bytes);

// Removes the first line from the text and returns it without its end (LF, CR LF or CR).
std::string_view take_line(std::string_view& text);

// The text without one pair of equal quotes (" or ') around it.
std::string_view without_quotes(std::string_view text);

// A character that is invisible or is easily mistaken for an ASCII one.
struct OddCharacter {
  std::size_t at = 0;      // offset in bytes from the start of the text
  std::size_t size = 0;    // bytes
  std::string escape;      // \u00a0
  std::string name;        // "a no-break space"
  char looks_like = '\0';  // the ASCII character; 0: it is invisible, or looks like a space

  std::string shown() const { return "`" + escape + "`, " + name; }
};
// Returns the first one at or after byte offset `from`; nullopt if there is none. Bytes that are
// not UTF-8 are skipped.
std::optional<OddCharacter> find_odd_character(std::string_view text, std::size_t from = 0);

}  // namespace taskwatchd
