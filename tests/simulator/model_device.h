// The Device parameter of ListTask: JSON text that names one device.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iotsim {

struct DeviceName {
  std::string iot_id;  // this, or both of the others
  std::string product_key;
  std::string device;
};

// Nothing for anything but a flat object of strings that names a device in one of the two ways.
// Members of other names do not count; \u escapes are not read.
std::optional<DeviceName> parse_device(std::string_view json);

}  // namespace iotsim
