// The bytes of a file before YAML sees them: yaml-cpp ends quietly at byte 0x04, mends broken UTF-8
// and closes open quotes at the end of the text. Here each of those is found, with its place.
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

// The first byte that is not printable UTF-8, tab or line end (LF or CR LF).
std::optional<SourceFlaw> find_flaw(std::string_view text);

// Finds places again in the text.
class SourceText {
 public:
  explicit SourceText(std::string_view text);
  // False if a ' or " stands at the place and its partner nowhere behind it.
  bool quote_is_closed(YamlPlace place) const;
  // True if a word for null (~, null) stands there; an absent value has none.
  bool null_is_written(YamlPlace place) const;
  // The last character before the place that is neither blank nor in a comment: for an absent item
  // of a list, its `-` or `,`. The place itself if there is none.
  YamlPlace last_before(YamlPlace place) const;
  // What a syntax error at the place most likely comes from: an odd character, a tab that indents,
  // or a key without a blank behind its colon, in the line above or in its own, for the parser
  // reports a line that it cannot read only at the next one. Nothing if there is none of them.
  std::optional<SourceFlaw> likely_slip(YamlPlace place) const;

 private:
  std::optional<std::size_t> offset(YamlPlace place) const;
  std::string_view line(int number) const;  // with its end; empty if there is none

  std::string_view text_;
  std::vector<std::size_t> line_starts_;
};

}  // namespace taskwatchd
