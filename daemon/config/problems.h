// Collects the errors of a file with their positions, in any order.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/parse.h"

namespace taskwatchd {

// Both start at 1, columns in bytes, as the "goto" of editors expects; 0 if the position is
// unknown.
struct YamlPlace {
  int line = 0;
  int column = 0;
  auto operator<=>(const YamlPlace&) const = default;
};

inline constexpr std::size_t kMaxProblems = 1000;  // reported for one file

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  void add(YamlPlace place, std::string message);
  // Adds the error that ended the parsing. It is listed last, whatever its position.
  void end(YamlPlace place, std::string message);
  bool empty() const { return errors_.empty() && !end_; }
  // Returns all errors in the file's order: the first kMaxProblems of them and the number of the
  // others. Clears the list.
  std::vector<ConfigError> take();

 private:
  std::string file_;
  std::vector<ConfigError> errors_;
  std::optional<ConfigError> end_;
};

// Makes a text of the file printable for a message: in backticks, at most 64 bytes of it. An
// invisible or confusable character is written as \u00a0 and named after the text. Never use it for
// anything that may be a secret.
std::string shown(std::string_view text);
// The same without backticks and without a limit, for a message that contains such a text.
std::string all_shown(std::string_view text);
// For a message that does not show the text: names its first invisible or confusable character.
// Empty if there is none, or if the message already names it.
std::string odd_note(std::string_view text, std::string_view message);
// "`a`, `b` or `c`"
std::string any_of(const std::vector<std::string_view>& words);

}  // namespace taskwatchd
