#include "cloud/result_tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/ascii.h"
#include "core/event_text.h"
#include "core/utf8.h"

namespace taskwatchd {
namespace {

struct Name {
  std::string_view name;
  ResultRole role;
};
// Without case, blanks, `_` and `-`. A `status` or `result` alone may hold anything: not listed.
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
constexpr std::size_t kLongestName = 48;  // bytes, blanks and all
constexpr std::size_t kListedColumns = 8;
constexpr std::size_t kListedBytes = 40;

constexpr std::size_t kMessageBytes = 1024;  // looked at; fewer are kept

constexpr std::string_view kBlanks = " \t\r\n\v\f";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Programs that hold codes as decimals write 200 as 200.0.
std::string_view without_decimals(std::string_view code) {
  const std::size_t dot = code.find('.');
  const bool is_whole = dot != 0 && dot != std::string_view::npos && dot + 1 < code.size() &&
                        code.find_first_not_of("0123456789") == dot &&
                        code.find_first_not_of('0', dot + 1) == std::string_view::npos;
  return is_whole ? code.substr(0, dot) : code;
}

bool is_readable_code(std::string_view text) {
  if (text.empty() || text.size() > kResultCodeBytes) return false;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_at(text, at);
    if (c.size == 0 || must_escape(c.code)) return false;
    at += c.size;
  }
  return true;
}

// All columns of a role must say the same, those that are empty aside. False: they do not.
bool pick(const std::vector<ResultCell>& row, ResultRole role, std::string_view& text) {
  text = {};
  for (const ResultCell& cell : row) {
    std::string_view value = trimmed(cell.text);
    if (role == ResultRole::kCode) value = without_decimals(value);
    if (cell.role != role || value.empty()) continue;
    if (!text.empty() && text != value) return false;
    text = value;
  }
  return true;
}

}  // namespace

ResultRole result_role(std::string_view column) {
  if (column.size() > kLongestName) return ResultRole::kOther;
  std::string name;
  for (const char c : column) {
    if (kBlanks.find(c) == std::string_view::npos && c != '_' && c != '-') name += ascii_lower(c);
  }
  const auto* const known =
      std::find_if(kNames.begin(), kNames.end(), [&](const Name& n) { return n.name == name; });
  return known == kNames.end() ? ResultRole::kOther : known->role;
}

bool is_result_header(const std::vector<std::string>& names) {
  const auto has = [&](ResultRole role) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return result_role(name) == role; });
  };
  return has(ResultRole::kDevice) && has(ResultRole::kCode);
}

std::string list_columns(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kListedColumns); ++i) {
    const std::string name = cut(escape_controls(redact(names[i].substr(0, 256))), kListedBytes);
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", name);
  }
  return names.size() > kListedColumns ? list + ", ..." : list;
}

bool ResultTally::charge(const std::vector<ResultCell>& row, const std::string& where) {
  if (++rows_ > limits_.rows) {
    fail(fmt::format("the file has more than {} rows", limits_.rows));
    return false;
  }
  if (row.size() > limits_.columns) {
    fail(fmt::format("{} has more than {} columns", where, limits_.columns));
    return false;
  }
  for (const ResultCell& cell : row) {
    if (cell.text.size() > limits_.field_bytes) {
      fail(fmt::format("{} has a field of more than {} bytes", where, limits_.field_bytes));
      return false;
    }
    text_bytes_ += cell.text.size();
  }
  if (text_bytes_ > limits_.expanded_bytes) {
    fail(fmt::format("the file's rows have more than {} bytes", limits_.expanded_bytes));
    return false;
  }
  return true;
}

bool ResultTally::add(const std::vector<ResultCell>& row, std::size_t line) {
  if (failed()) return false;
  const std::string where = fmt::format("row {}", line);
  if (!charge(row, where)) return false;
  std::string_view device, product, code, message;
  if (!pick(row, ResultRole::kDevice, device)) {
    fail(where + " has two different device names");
  } else if (!pick(row, ResultRole::kProduct, product)) {
    fail(where + " has two different product keys");
  } else if (!pick(row, ResultRole::kCode, code)) {
    fail(where + " has two different codes");
  } else if (device.empty()) {
    fail(where + " names no device");
  }
  if (failed()) return false;
  // Several columns may describe a failure; the first that does is shown.
  for (const ResultCell& cell : row) {
    if (cell.role == ResultRole::kMessage && message.empty()) message = trimmed(cell.text);
  }
  const bool is_readable = is_readable_code(code);
  if (is_readable && code == "200") {
    ++result_.ok;
    ++result_.codes["200"];
  } else if (!is_readable) {
    ++result_.unknown;
  } else {
    count({std::string(product), std::string(device), std::string(code),
           device_text(message.substr(0, kMessageBytes))});
  }
  return true;
}

void ResultTally::count(DeviceResult device) {
  ++result_.failed;
  const auto known = result_.codes.find(device.code);
  // One place is kept for 200, one for the others together.
  if (known != result_.codes.end()) {
    ++known->second;
  } else if (result_.codes.size() - result_.codes.count("200") - result_.codes.count("other") <
             kMaxCodes - 2) {
    result_.codes.emplace(device.code, 1);
  } else {
    ++result_.codes["other"];
  }
  result_.failed_devices.push_back(std::move(device));
}

void ResultTally::fail(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
}

DistributionResult ResultTally::take(ResultFormat format) && {
  // An empty list proves neither that there were no devices nor that we read the right one.
  if (rows_ == 0) fail("the file lists no device");
  if (failed()) {
    DistributionResult none;
    none.format = format;
    none.problem = std::move(problem_);
    return none;
  }
  result_.format = format;
  result_.understood = true;
  return std::move(result_);
}

}  // namespace taskwatchd
