#include "core/types/glob.h"

#include <algorithm>

#include "core/types/utf8.h"

namespace taskwatchd {
namespace {

std::size_t character_at(std::string_view text, std::size_t at) {
  return std::max<std::size_t>(1, utf8_at(text, at).size);
}

}  // namespace

// Only the last * is ever retried: a different match of an earlier one cannot help, because a later
// one can match at least as much.
bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t after_star = std::string_view::npos;  // index in the pattern; npos: no * yet
  std::size_t retry = 0;                            // index in the text where its next try begins
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      retry = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t += character_at(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (after_star != std::string_view::npos) {
      retry += character_at(text, retry);
      t = retry;
      p = after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace taskwatchd
