#include "config/key_text.h"

#include <algorithm>

#include "core/types/trim.h"

namespace taskwatchd {

KeyText clean_key_text(std::string_view bytes) {
  if (bytes.size() > kMaxKeyBytes) {
    return {{},
            "contains more than " + std::to_string(kMaxKeyBytes) +
                " bytes; it must contain only the value"};
  }
  bytes = trim(bytes);
  if (bytes.empty()) return {{}, "is empty; put the value into it"};
  if (std::any_of(bytes.begin(), bytes.end(), [](char c) { return c <= ' ' || c >= 0x7F; })) {
    return {{},
            "contains a space, a second line or a character that is not plain ASCII; it must "
            "contain only the value"};
  }
  return {Secret(std::string(bytes)), {}};
}

}  // namespace taskwatchd
