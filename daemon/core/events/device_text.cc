#include "core/events/device_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/events/redact.h"
#include "core/types/utf8.h"

namespace taskwatchd {
namespace {
constexpr std::size_t kDeviceTextLimit = 256;  // bytes
constexpr std::size_t kNameLimit = 128;
}  // namespace

std::string repair_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = utf8_at(bytes, at).size;
    if (size == 0) {
      out += "\xEF\xBF\xBD";
      ++at;
    } else {
      out += bytes.substr(at, size);
      at += size;
    }
  }
  return out;
}

std::string cut(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  // The maximum length of the suffix, so that it fits however much is cut.
  const std::size_t words = fmt::formatted_size("...(+{} bytes)", text.size());
  std::size_t keep = limit >= words ? limit - words : limit;
  while (keep > 0 && (static_cast<unsigned char>(text[keep]) & 0xC0u) == 0x80u) --keep;
  const std::size_t gone = text.size() - keep;
  text.resize(keep);
  if (limit >= words) fmt::format_to(std::back_inserter(text), "...(+{} bytes)", gone);
  return text;
}

std::string device_text(std::string_view bytes) {
  return cut(redact(repair_utf8(bytes)), kDeviceTextLimit);
}

std::string name_text(std::string_view bytes) {
  return cut(repair_utf8(bytes), kNameLimit);
}

std::string escape_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto to = std::back_inserter(out);
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_at(text, at);
    if (c.size == 0) {
      fmt::format_to(to, "\\x{:02x}", static_cast<unsigned char>(text[at]));
    } else if (!must_escape(c.code)) {
      out += text.substr(at, c.size);
    } else if (c.code < 0x80) {
      fmt::format_to(to, "\\x{:02x}", static_cast<unsigned>(c.code));
    } else {
      fmt::format_to(to, "\\u{{{:04x}}}", static_cast<unsigned>(c.code));
    }
    at += std::max<std::size_t>(c.size, 1);
  }
  return out;
}

}  // namespace taskwatchd
