// A text file's bytes to UTF-8: with or without a byte order mark, UTF-16 with one, else GBK, as
// Chinese spreadsheet programs write. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace taskwatchd {

// Nothing if the bytes are no text in any of these: NUL and other controls are no text.
std::optional<std::string> result_text(std::string_view bytes);

}  // namespace taskwatchd
