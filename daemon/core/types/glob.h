// Glob patterns for names. Not for paths: * matches a slash too. No I/O.
#pragma once

#include <string_view>

namespace taskwatchd {

// Matches the whole text: * is any number of characters, ? is one character, everything else is
// literal (case-sensitive; no escapes). A character is a UTF-8 sequence or a single invalid byte.
// Takes at most size(pattern) x size(text) steps, and rarely more than their sum.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace taskwatchd
