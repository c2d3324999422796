// A text file's bytes to UTF-8: with or without byte order marks, UTF-16 with one, else GB18030,
// the superset of GBK that Chinese spreadsheet programs write. Pure.
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace taskwatchd {

inline constexpr const char* kFallbackCharset = "GB18030";

struct TextProblem {
  std::string words;
};

// A view of `bytes` where they are UTF-8, else of `converted`, which then holds `limit` bytes at
// most. A problem if the bytes are no text in any of these: NUL is no text.
std::variant<std::string_view, TextProblem> result_text(std::string_view bytes, std::size_t limit,
                                                        std::string& converted,
                                                        const char* fallback = kFallbackCharset);

}  // namespace taskwatchd
