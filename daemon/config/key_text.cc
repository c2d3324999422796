#include "config/key_text.h"

#include <algorithm>

#include "config/characters.h"
#include "core/types/trim.h"

namespace taskwatchd {

KeyText clean_key_text(std::string_view bytes) {
  if (bytes.size() > kMaxKeyBytes) {
    return {{},
            "contains more than " + std::to_string(kMaxKeyBytes) +
                " bytes; it must contain only the value"};
  }
  const MarkedText marked = without_mark(bytes);
  if (marked.problem != nullptr) return {{}, marked.problem};
  bytes = without_quotes(trim(marked.text));
  if (bytes.empty()) return {{}, "is empty; put the value into it"};
  if (const auto odd = find_odd_character(bytes)) {
    return {
        {},
        "contains " + odd->shown() + ", which no key has; remove it, and put the key alone there"};
  }
  if (std::any_of(bytes.begin(), bytes.end(), [](char c) { return c <= ' ' || c >= 0x7F; })) {
    return {{},
            "contains a space, a second line or a character that is not plain ASCII; it must "
            "contain only the value"};
  }
  return {Secret(std::string(bytes)), {}};
}

bool is_temporary_id(std::string_view access_key_id) {
  return access_key_id.starts_with("STS.");
}

}  // namespace taskwatchd
