// Interprets one cell of a result file: its text without invisible characters at the edges, and the
// role of its column. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace taskwatchd {

// The role of a column, by its name; case, spaces, `_`, `-` and invisible characters at the edges
// are ignored.
enum class ResultRole : std::uint8_t { kOther, kDevice, kProduct, kCode, kMessage };
ResultRole result_role(std::string_view column);

struct ResultCell {
  ResultRole role = ResultRole::kOther;
  std::string_view text;  // UTF-8, trimmed
};

// True if the cells, read as column names, include a device and a code.
bool is_result_header(const std::vector<ResultCell>& names);
// The column names of a header ("a", "b", ...), escaped and truncated, for a problem message.
std::string list_columns(const std::vector<ResultCell>& names);

// Removes invisible characters at the edges: white space, controls other than NUL, byte order
// marks, no-break and ideographic spaces, zero-width and direction marks.
std::string_view trimmed_edges(std::string_view text);
// Length in bytes of the invisible character at offset `at`; 0 if there is none.
std::size_t edge_at(std::string_view text, std::size_t at);

// Removes the prefix that keeps a spreadsheet from rounding digits: ="860..." and '860... become
// 860... No device name, product key or code begins with it.
std::string_view unguarded(std::string_view text);

// Rewrites a number of a spreadsheet or JSON in plain form: 8.6E14 becomes 860000000000000. Only
// integers up to 2^53 are changed; any other number is returned unchanged.
std::string plain_number(std::string_view number);

}  // namespace taskwatchd
