// Collects what is wrong with a file, each with its place, in whatever order it is found.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/parse.h"

namespace taskwatchd {

// Both from 1, columns in bytes, as editors' "goto" wants them; 0 when no place is known.
struct YamlPlace {
  int line = 0;
  int column = 0;
  auto operator<=>(const YamlPlace&) const = default;
};

inline constexpr std::size_t kMaxProblems = 1000;  // told of one file

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  void add(YamlPlace place, std::string message);
  // What stopped the reading: the last of the list, wherever it stands.
  void end(YamlPlace place, std::string message);
  bool empty() const { return errors_.empty() && !end_; }
  // All that were added, in the file's order, the first kMaxProblems of them and how many more
  // there are; empties it.
  std::vector<ConfigError> take();

 private:
  std::string file_;
  std::vector<ConfigError> errors_;
  std::optional<ConfigError> end_;
};

// A text of the file fit to be shown in a message: in backticks, printable, at most 64 bytes of it.
// A character that is not seen, or is taken for another, is written as \u00a0 and named behind it.
// Never for anything that may be a secret.
std::string shown(std::string_view text);
// The same without backticks and without a limit, for a message that holds such a text.
std::string all_shown(std::string_view text);
// For a message that does not show the text: names the first such character of it. Empty if there
// is none, or if the message has it already.
std::string odd_note(std::string_view text, std::string_view message);
// "`a`, `b` or `c`"
std::string any_of(const std::vector<std::string_view>& words);

}  // namespace taskwatchd
