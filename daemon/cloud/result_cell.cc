#include "cloud/result_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/events/device_text.h"
#include "core/events/redact.h"
#include "core/types/ascii.h"
#include "core/types/utf8.h"

namespace taskwatchd {
namespace {

struct Name {
  std::string_view name;
  ResultRole role;
};
// Names without case, spaces, `_` and `-`. A bare `status` or `result` is not listed: such a column
// may contain anything.
constexpr std::array<Name, 47> kNames = {{
    {"devicename", ResultRole::kDevice},
    {"device", ResultRole::kDevice},
    {"devname", ResultRole::kDevice},
    {"设备名称", ResultRole::kDevice},
    {"设备名", ResultRole::kDevice},
    {"设备", ResultRole::kDevice},
    {"設備名稱", ResultRole::kDevice},
    {"productkey", ResultRole::kProduct},
    {"product", ResultRole::kProduct},
    {"产品", ResultRole::kProduct},
    {"产品key", ResultRole::kProduct},
    {"产品标识", ResultRole::kProduct},
    {"产品productkey", ResultRole::kProduct},
    {"code", ResultRole::kCode},
    {"resultcode", ResultRole::kCode},
    {"statuscode", ResultRole::kCode},
    {"errorcode", ResultRole::kCode},
    {"errcode", ResultRole::kCode},
    {"returncode", ResultRole::kCode},
    {"retcode", ResultRole::kCode},
    {"distributecode", ResultRole::kCode},
    {"distributeresultcode", ResultRole::kCode},
    {"结果码", ResultRole::kCode},
    {"结果代码", ResultRole::kCode},
    {"状态码", ResultRole::kCode},
    {"错误码", ResultRole::kCode},
    {"返回码", ResultRole::kCode},
    {"分发结果码", ResultRole::kCode},
    {"結果碼", ResultRole::kCode},
    {"message", ResultRole::kMessage},
    {"msg", ResultRole::kMessage},
    {"errormessage", ResultRole::kMessage},
    {"errormsg", ResultRole::kMessage},
    {"errmsg", ResultRole::kMessage},
    {"resultmessage", ResultRole::kMessage},
    {"resultmsg", ResultRole::kMessage},
    {"description", ResultRole::kMessage},
    {"desc", ResultRole::kMessage},
    {"reason", ResultRole::kMessage},
    {"错误信息", ResultRole::kMessage},
    {"结果信息", ResultRole::kMessage},
    {"信息", ResultRole::kMessage},
    {"描述", ResultRole::kMessage},
    {"结果描述", ResultRole::kMessage},
    {"原因", ResultRole::kMessage},
    {"失败原因", ResultRole::kMessage},
    {"备注", ResultRole::kMessage},
}};
constexpr std::size_t kLongestName = 48;  // bytes, spaces included
constexpr std::size_t kListedColumns = 8;
constexpr std::size_t kListedBytes = 40;
// 2^53: up to this limit every integer is exact in a double
constexpr double kExact = 9007199254740992;

bool is_edge(char32_t c) {
  if (c < 0x7f) return c <= 0x20 && c != 0;
  return c <= 0xa0 || c == 0xad || c == 0x61c || c == 0x1680 || c == 0x180e ||
         (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) ||
         (c >= 0x205f && c <= 0x206f) || c == 0x3000 || c == 0xfeff;
}

// Returns the offset of the last character of `text`.
std::size_t last_at(std::string_view text) {
  std::size_t at = text.size() - 1;
  const std::size_t least = text.size() > 4 ? text.size() - 4 : 0;
  while (at > least && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U) --at;
  return at;
}

}  // namespace

std::size_t edge_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  const Utf8Char c = utf8_at(text, at);
  return c.size > 0 && is_edge(c.code) ? c.size : 0;
}

std::string_view trimmed_edges(std::string_view text) {
  while (const std::size_t size = edge_at(text, 0)) text.remove_prefix(size);
  while (!text.empty()) {
    const std::size_t at = last_at(text);
    const std::size_t size = edge_at(text, at);
    if (size == 0 || at + size != text.size()) break;
    text.remove_suffix(size);
  }
  return text;
}

std::string_view unguarded(std::string_view text) {
  if (text.size() >= 3 && text.starts_with("=\"") && text.ends_with('"')) {
    return trimmed_edges(text.substr(2, text.size() - 3));
  }
  return text.starts_with('\'') ? trimmed_edges(text.substr(1)) : text;
}

std::string plain_number(std::string_view number) {
  double value = 0;
  const char* const end = number.data() + number.size();
  const auto [rest, error] = std::from_chars(number.data(), end, value);
  const bool is_plain = number.find_first_of(".eE") == std::string_view::npos;
  if (is_plain || error != std::errc() || rest != end || std::trunc(value) != value ||
      std::abs(value) >= kExact) {
    return std::string(number);
  }
  return std::to_string(static_cast<std::int64_t>(value));
}

ResultRole result_role(std::string_view column) {
  column = unguarded(trimmed_edges(column));
  if (column.size() > kLongestName) return ResultRole::kOther;
  std::string name;
  for (const char c : column) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != '_' && c != '-') {
      name += ascii_lower(c);
    }
  }
  const auto* const known =
      std::find_if(kNames.begin(), kNames.end(), [&](const Name& n) { return n.name == name; });
  return known == kNames.end() ? ResultRole::kOther : known->role;
}

bool is_result_header(const std::vector<ResultCell>& names) {
  const auto has = [&](ResultRole role) {
    return std::any_of(names.begin(), names.end(),
                       [&](const ResultCell& name) { return result_role(name.text) == role; });
  };
  return has(ResultRole::kDevice) && has(ResultRole::kCode);
}

std::string list_columns(const std::vector<ResultCell>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kListedColumns); ++i) {
    const std::string name =
        cut(escape_controls(redact(names[i].text.substr(0, 256))), kListedBytes);
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", name);
  }
  return names.size() > kListedColumns ? list + ", ..." : list;
}

}  // namespace taskwatchd
