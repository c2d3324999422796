// Patterns for names that people choose. Not for paths: * matches a slash too. Pure.
#pragma once

#include <string_view>

namespace taskwatchd {

// The whole text: * is any characters or none, ? is one character, all else is itself (letter case
// counts; nothing escapes). A character is one of UTF-8; a byte of none is one of its own. Never
// takes more than size(pattern) x size(text) steps, and hardly ever more than their sum.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace taskwatchd
