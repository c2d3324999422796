#include "config/key_text.h"

#include <algorithm>

namespace taskwatchd {

KeyText clean_key_text(std::string_view bytes) {
  constexpr std::string_view kBlanks = " \t\r\n";
  if (bytes.size() > kMaxKeyBytes) {
    return {
        {},
        "holds more than " + std::to_string(kMaxKeyBytes) + " bytes; put the key alone into it"};
  }
  const std::size_t begin = bytes.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {{}, "is empty; put the key into it"};
  bytes = bytes.substr(begin, bytes.find_last_not_of(kBlanks) - begin + 1);
  if (std::any_of(bytes.begin(), bytes.end(), [](char c) { return c <= ' ' || c >= 0x7F; })) {
    return {{},
            "holds a space, a second line or a character that is not plain ASCII; put the key "
            "alone into it"};
  }
  return {Secret(std::string(bytes)), {}};
}

}  // namespace taskwatchd
