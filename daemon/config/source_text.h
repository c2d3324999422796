// Checks the bytes of a file before YAML parses them: yaml-cpp silently stops at byte 0x04, repairs
// invalid UTF-8 and closes open quotes at the end of the text. This module detects each of these,
// with its position.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"

namespace taskwatchd {

struct SourceFlaw {
  YamlPlace place;
  std::string message;
};

// Returns the first byte that is not printable UTF-8, tab or line end (LF or CR LF).
std::optional<SourceFlaw> find_flaw(std::string_view text);

// Looks up positions in the source text.
class SourceText {
 public:
  explicit SourceText(std::string_view text);
  // False if there is a ' or " at the position without a closing one after it.
  bool quote_is_closed(YamlPlace place) const;
  // True if null is written there (~, null); an absent value is not.
  bool null_is_written(YamlPlace place) const;
  // Returns the position of the last character before `place` that is neither white space nor in a
  // comment: for an absent list item, its `-` or `,`. Returns `place` itself if there is none.
  YamlPlace last_before(YamlPlace place) const;
  // Returns the most likely cause of a syntax error at `place`: a confusable character, a tab as
  // indentation, or a key without a space after its colon. Also examines the line above, because
  // the parser may report an unreadable line only at the next one. Nullopt if none is found.
  std::optional<SourceFlaw> likely_typing_error(YamlPlace place) const;

 private:
  std::optional<std::size_t> offset(YamlPlace place) const;
  std::string_view line(int number) const;  // with its line end; empty if there is no such line

  std::string_view text_;
  std::vector<std::size_t> line_starts_;
};

}  // namespace taskwatchd
