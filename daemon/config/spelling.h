// Suggests the word that was probably meant.
#pragma once

#include <string_view>
#include <vector>

namespace taskwatchd {

// Returns the nearest of `words` by edit distance, ignoring case, if at most a third of the letters
// differ. Empty otherwise.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& words);

}  // namespace taskwatchd
