// The word that was probably meant.
#pragma once

#include <string_view>
#include <vector>

namespace taskwatchd {

// The nearest of `words` by edit distance (case does not count), if it is near enough to be worth a
// question: at most a third of the letters differ. Empty otherwise.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& words);

}  // namespace taskwatchd
