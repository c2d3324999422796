// Converts a text file to UTF-8. Input: UTF-8 with or without byte order mark, UTF-16 with one,
// otherwise GB18030, the superset of GBK that Chinese spreadsheet programs write. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace taskwatchd {

inline constexpr const char* kFallbackCharset = "GB18030";

struct TextProblem {
  std::string words;
};

// Returns a view of `bytes` if they are UTF-8, otherwise of `converted`, which then has at most
// `limit` bytes. A problem if the bytes are not text in any of these encodings, or contain NUL.
std::variant<std::string_view, TextProblem> result_text(std::string_view bytes, std::size_t limit,
                                                        std::string& converted,
                                                        const char* fallback = kFallbackCharset);

}  // namespace taskwatchd
