// The Device parameter of ListTask: JSON text that identifies one device.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iotsim {

struct DeviceName {
  std::string iot_id;  // either this, or both of the others
  std::string product_key;
  std::string device;
};

// Returns nullopt unless the text is a flat object of strings that identifies a device in one of
// the two ways. Ignores other members. Does not decode \u escapes.
std::optional<DeviceName> parse_device(std::string_view json);

}  // namespace iotsim
