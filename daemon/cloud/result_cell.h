// What a single cell of a result file says: its text without marks at the edges, and what its
// column is for. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace taskwatchd {

// What a column is for, by its name; case, blanks, `_`, `-` and marks at the edges do not count.
enum class ResultRole : std::uint8_t { kOther, kDevice, kProduct, kCode, kMessage };
ResultRole result_role(std::string_view column);

struct ResultCell {
  ResultRole role = ResultRole::kOther;
  std::string_view text;  // UTF-8, trimmed
};

// Whether such cells, taken as names, have a device and a code.
bool is_result_header(const std::vector<ResultCell>& names);
// "a", "b", ... of a header, escaped and cut, for a problem's words.
std::string list_columns(const std::vector<ResultCell>& names);

// Without what cannot be seen at its edges: blanks, controls other than NUL, byte order marks,
// no-break and ideographic spaces, zero-width and direction marks.
std::string_view trimmed_edges(std::string_view text);
// How long the mark is that stands at `at` and cannot be seen; 0: there is none.
std::size_t edge_at(std::string_view text, std::size_t at);

// Without the guard that keeps a spreadsheet from rounding digits: ="860..." and '860... are 860...
// No device's name, product key or code begins so.
std::string_view unguarded(std::string_view text);

// A spreadsheet's or JSON's number as people write it: 8.6E14 is 860000000000000. An integer up to
// 2^53 has one plain form; any other number stays as it is.
std::string plain_number(std::string_view number);

}  // namespace taskwatchd
