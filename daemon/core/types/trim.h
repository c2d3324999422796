// Removes blanks at both ends of a text. No I/O. Any thread.
#pragma once

#include <string_view>

namespace taskwatchd {

// The result points into `text`. `blanks`: the characters that count as blank.
constexpr std::string_view trim(std::string_view text, std::string_view blanks = " \t\r\n") {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace taskwatchd
