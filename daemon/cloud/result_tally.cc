#include "cloud/result_tally.h"

#include <fmt/format.h>

#include <utility>

#include "core/events/device_text.h"
#include "core/types/utf8.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMessageBytes = 1024;  // bytes examined; fewer are kept
constexpr std::size_t kNameBytes = 128;      // of a device name that is kept

// Programs that store codes as decimals write 200 as 200.0.
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

// Sets the one value that all columns of a role agree on; empty cells are ignored. Returns false if
// they differ.
bool pick(const std::vector<ResultCell>& row, ResultRole role, std::string_view& text) {
  text = {};
  for (const ResultCell& cell : row) {
    if (cell.role != role || cell.text.empty()) continue;
    std::string_view value = unguarded(cell.text);
    if (role == ResultRole::kCode) value = without_decimals(value);
    if (value.empty()) continue;
    if (!text.empty() && text != value) return false;
    text = value;
  }
  return true;
}

std::string name_of(std::string_view text) {
  return cut(repair_utf8(text), kNameBytes);
}

}  // namespace

bool ResultTally::add(const std::vector<ResultCell>& row, std::size_t line) {
  if (failed()) return false;
  ++rows_;
  std::string_view device, product, code, message;
  const char* problem = nullptr;
  if (!pick(row, ResultRole::kDevice, device)) {
    problem = "has two different device names";
  } else if (!pick(row, ResultRole::kProduct, product)) {
    problem = "has two different product keys";
  } else if (!pick(row, ResultRole::kCode, code)) {
    problem = "has two different codes";
  } else if (device.empty()) {
    problem = "has no device";
  }
  if (problem != nullptr) {
    fail(fmt::format("row {} {}", line, problem));
    return false;
  }
  // Several columns may describe a failure; the first non-empty one is used.
  for (const ResultCell& cell : row) {
    if (cell.role == ResultRole::kMessage && message.empty()) message = cell.text;
  }
  const bool is_readable = is_readable_code(code);
  if (is_readable && code == "200") {
    ++result_.ok;
    ++result_.codes["200"];
  } else if (!is_readable) {
    ++result_.unknown;
  } else {
    count(product, device, code, message);
  }
  return true;
}

void ResultTally::count(std::string_view product, std::string_view device, std::string_view code,
                        std::string_view message) {
  ++result_.failed;
  const auto known = result_.codes.find(std::string(code));
  // One slot is reserved for 200, one for all other codes together.
  if (known != result_.codes.end()) {
    ++known->second;
  } else if (result_.codes.size() - result_.codes.count("200") - result_.codes.count("other") <
             kMaxCodes - 2) {
    result_.codes.emplace(code, 1);
  } else {
    ++result_.codes["other"];
  }
  // After the first device that does not fit, all later ones are omitted too: the list is always
  // the first devices of the file.
  if (failed_bytes_ > limits_.failed_bytes) return;
  DeviceResult failed{name_of(product), name_of(device), std::string(code),
                      device_text(message.substr(0, kMessageBytes))};
  failed_bytes_ += failed.product_key.size() + failed.device_name.size() + failed.code.size() +
                   failed.message.size();
  if (failed_bytes_ > limits_.failed_bytes) return;
  result_.failed_devices.push_back(std::move(failed));
}

void ResultTally::fail(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
}

DistributionResult ResultTally::take(ResultFormat format) && {
  // An empty list proves neither that there were no devices nor that we read the right list.
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
