#include "view/label_text.h"

#include <algorithm>

#include "core/types/utf8.h"

namespace taskwatchd {

std::string label_text(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Char c = utf8_at(bytes, at);
    const std::size_t size = std::max<std::size_t>(c.size, 1);
    const std::string_view shown =
        c.size == 0 || must_escape(c.code) ? "\uFFFD" : bytes.substr(at, size);
    if (text.size() + shown.size() > kLabelBytes) break;
    text += shown;
    at += size;
  }
  return text;
}

}  // namespace taskwatchd
