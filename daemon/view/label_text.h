// Makes any text valid as a label value. No I/O.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

// Invalid UTF-8, control characters and characters that change the writing direction are each
// replaced by U+FFFD; at most kLabelBytes, truncated between characters.
inline constexpr std::size_t kLabelBytes = 128;
std::string label_text(std::string_view bytes);

}  // namespace taskwatchd
