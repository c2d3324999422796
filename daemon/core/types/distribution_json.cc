#include "core/types/distribution_json.h"

#include <simdjson.h>

#include <array>

#include "core/events/json.h"
#include "core/types/names.h"

namespace taskwatchd {
namespace {

using simdjson::SUCCESS;
using Object = simdjson::dom::object;

constexpr std::size_t kDepth = 16;  // nesting levels; the text has three
constexpr std::array<ResultFormat, 5> kFormats = {ResultFormat::kUnknown, ResultFormat::kJsonArray,
                                                  ResultFormat::kJsonLines, ResultFormat::kCsv,
                                                  ResultFormat::kXlsx};

std::string device_json(const DeviceResult& device) {
  JsonObject json;
  json.add("product_key", device.product_key).add("device_name", device.device_name);
  return json.add("code", device.code).add("message", device.message).text();
}

std::string text_of(const Object& object, std::string_view key) {
  std::string_view text;
  if (object[key].get_string().get(text) != SUCCESS) return {};
  return std::string(text);
}

std::uint32_t count_of(const Object& object, std::string_view key) {
  std::uint64_t count = 0;
  if (object[key].get_uint64().get(count) != SUCCESS) return 0;
  return static_cast<std::uint32_t>(count);
}

}  // namespace

std::string to_json(const DistributionResult& result) {
  JsonObject json;
  json.add("format", std::string(name(result.format)));
  json.add("understood", result.understood);
  json.add("ok", std::int64_t{result.ok});
  json.add("failed", std::int64_t{result.failed});
  json.add("unknown", std::int64_t{result.unknown});
  json.add("bytes", static_cast<std::int64_t>(result.bytes));
  json.add("problem", result.problem);
  JsonObject codes;
  for (const auto& [code, devices] : result.codes) {
    codes.add(code, static_cast<std::int64_t>(devices));
  }
  std::vector<std::string> devices;
  for (const DeviceResult& device : result.failed_devices) devices.push_back(device_json(device));
  json.add_json("codes", codes.text());
  return json.add_json("failed_devices", json_list(devices)).text();
}

std::optional<DistributionResult> result_from_json(std::string_view json) {
  simdjson::dom::parser parser;
  Object whole;
  if (parser.allocate(json.size(), kDepth) != SUCCESS ||
      parser.parse(json.data(), json.size()).get_object().get(whole) != SUCCESS) {
    return std::nullopt;
  }
  DistributionResult result;
  const std::string format = text_of(whole, "format");
  for (const ResultFormat one : kFormats) {
    if (name(one) == format) result.format = one;
  }
  if (whole["understood"].get_bool().get(result.understood) != SUCCESS) return std::nullopt;
  result.ok = count_of(whole, "ok");
  result.failed = count_of(whole, "failed");
  result.unknown = count_of(whole, "unknown");
  result.problem = text_of(whole, "problem");
  if (whole["bytes"].get_uint64().get(result.bytes) != SUCCESS) return std::nullopt;
  Object codes;
  simdjson::dom::array devices;
  if (whole["codes"].get_object().get(codes) != SUCCESS ||
      whole["failed_devices"].get_array().get(devices) != SUCCESS) {
    return std::nullopt;
  }
  for (const auto& [code, count] : codes) {
    std::uint64_t number = 0;
    if (count.get_uint64().get(number) != SUCCESS) return std::nullopt;
    result.codes[std::string(code)] = static_cast<std::uint32_t>(number);
  }
  for (const auto one : devices) {
    Object device;
    if (one.get_object().get(device) != SUCCESS) return std::nullopt;
    result.failed_devices.push_back({text_of(device, "product_key"), text_of(device, "device_name"),
                                     text_of(device, "code"), text_of(device, "message")});
  }
  return result;
}

}  // namespace taskwatchd
