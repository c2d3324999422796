// ASCII letter case, independent of the locale; bytes above 0x7F stay unchanged.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace taskwatchd {

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_lower(c);
  return out;
}

// REQUIRES: lower_word has no capital letters.
inline bool is_word(std::string_view text, std::string_view lower_word) {
  return std::equal(text.begin(), text.end(), lower_word.begin(), lower_word.end(),
                    [](char a, char b) { return ascii_lower(a) == b; });
}

}  // namespace taskwatchd
