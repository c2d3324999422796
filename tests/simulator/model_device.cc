#include "simulator/model_device.h"

namespace iotsim {
namespace {

struct Reader {
  std::string_view rest;

  // Skips white space. Consumes the next byte if it is `wanted`; returns whether it was.
  bool take(char wanted) {
    while (!rest.empty() && std::string_view(" \t\r\n").find(rest[0]) != rest.npos) {
      rest.remove_prefix(1);
    }
    if (rest.empty() || rest[0] != wanted) return false;
    rest.remove_prefix(1);
    return true;
  }

  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string text;
    while (!rest.empty()) {
      const char c = rest[0];
      rest.remove_prefix(1);
      if (c == '"') return text;
      if (c != '\\') {
        text += c;
        continue;
      }
      if (rest.empty() || std::string_view("\"\\/").find(rest[0]) == rest.npos) break;
      text += rest[0];
      rest.remove_prefix(1);
    }
    return std::nullopt;
  }
};

}  // namespace

std::optional<DeviceName> parse_device(std::string_view json) {
  Reader reader{json};
  DeviceName device;
  if (!reader.take('{')) return std::nullopt;
  do {
    const auto name = reader.string();
    if (!name || !reader.take(':')) return std::nullopt;
    auto value = reader.string();
    if (!value) return std::nullopt;
    if (*name == "IotId") device.iot_id = std::move(*value);
    if (*name == "ProductKey") device.product_key = std::move(*value);
    if (*name == "DeviceName") device.device = std::move(*value);
  } while (reader.take(','));
  if (!reader.take('}') || reader.take(' ') || !reader.rest.empty()) return std::nullopt;
  const bool named =
      !device.iot_id.empty() || (!device.product_key.empty() && !device.device.empty());
  if (!named || device.product_key.empty() != device.device.empty()) return std::nullopt;
  return device;
}

}  // namespace iotsim
